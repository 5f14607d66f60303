import { InvitationSchema } from "#gen/koder/identity/store/v1/invitation_pb.ts";
import { PasswordHistorySchema, PasswordSchema } from "#gen/koder/identity/store/v1/password_pb.ts";
import { PasswordPolicySchema } from "#gen/koder/identity/store/v1/password_policy_pb.ts";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { AttributeSchemaSchema } from "#gen/koder/identity/store/v1/attribute_schema_pb.ts";
import { DataExportSchema } from "#gen/koder/identity/store/v1/data_export_pb.ts";
import { GroupMemberSchema, GroupSchema } from "#gen/koder/identity/store/v1/group_pb.ts";
import { PurgeSchema } from "#gen/koder/identity/store/v1/purge_pb.ts";
import { GraphSchema, RoleAssignmentSchema, RoleSchema } from "#gen/koder/identity/store/v1/role_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { UserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import { UsernamePolicySchema } from "#gen/koder/identity/store/v1/username_policy_pb.ts";
import { requestRecords } from "../host/idempotency.ts";
import type { Collection } from "../store/store.ts";
import { subjectParts } from "./roles/subject.ts";
import { nameKey } from "./users/login-names.ts";

/** What the index of owners has for one: at most one user of a tenant owns the instance. */
export const ownerIndexed = "owner";

/** Users. */
export const users: Collection<typeof UserSchema> = {
  name: "identity_users",
  schema: UserSchema,
  id: (user) => user.id,
  unique: {
    username: { type: "text", value: (user) => user.username || undefined },
    // After it: who takes another's name is told so.
    username_skeleton: { type: "text", value: (user) => user.usernameSkeleton || undefined },
    email: { type: "text", value: (user) => user.emailKey || undefined },
    owner: { type: "text", value: (user) => (user.instanceOwner ? ownerIndexed : undefined) },
  },
  indexes: {
    name: { type: "text", value: (user) => nameKey(user.name) || undefined },
    /** Of those who are not active, who are few: nearly nobody has a place in it. */
    inactive_status: {
      type: "integer",
      value: ({ status }) => (status === UserStatus.DISABLED || status === UserStatus.DELETED ? status : undefined),
    },
  },
  events: "required",
};

/** Passwords, apart from the users: no read of a user touches one. Each change of one stands beside its user's in a commit. */
export const passwords: Collection<typeof PasswordSchema> = {
  name: "identity_passwords",
  schema: PasswordSchema,
  id: (password) => password.userId,
  events: "required",
};

/** What is kept of the passwords that people had before, where their tenant wants that: removed with their user. */
export const passwordHistories: Collection<typeof PasswordHistorySchema> = {
  name: "identity_password_histories",
  schema: PasswordHistorySchema,
  id: (history) => history.userId,
  events: "required",
};

/** The one id of a tenant's policy for passwords. */
export const passwordPolicyId = "passwords";

/** What a tenant asks of passwords: nothing of its own, or one record. */
export const passwordPolicies: Collection<typeof PasswordPolicySchema> = {
  name: "identity_password_policies",
  schema: PasswordPolicySchema,
  id: ({ id }) => id,
  events: "required",
};

/** The one id of a tenant's policy for usernames. */
export const usernamePolicyId = "usernames";

/** Which usernames a tenant takes: the usual ones, or one record. */
export const usernamePolicies: Collection<typeof UsernamePolicySchema> = {
  name: "identity_username_policies",
  schema: UsernamePolicySchema,
  id: ({ id }) => id,
  events: "required",
};

/** The one id of a tenant's schema of attributes. */
export const attributeSchemaId = "attributes";

/** Which attributes of its own a tenant keeps of its people: none, or one record. */
export const attributeSchemas: Collection<typeof AttributeSchemaSchema> = {
  name: "identity_attribute_schemas",
  schema: AttributeSchemaSchema,
  id: ({ id }) => id,
  events: "required",
};

/** To whom what is stored about people was given: for a year, or until they are erased. */
export const dataExports: Collection<typeof DataExportSchema> = {
  name: "identity_data_exports",
  schema: DataExportSchema,
  id: ({ id }) => id,
  indexes: { user_id: { type: "text", value: ({ userId }) => userId } },
  expiresAt: ({ createTime }) => (createTime ? timestampMs(createTime) + 365 * 86_400_000 : undefined),
  events: "none", // an event tells of each; the log is what counts
};

/** When deleted users are to be looked at, in the system's own space. It decides nothing. */
export const purges: Collection<typeof PurgeSchema> = {
  name: "identity_purges",
  schema: PurgeSchema,
  id: ({ tenantId, userId }) => `${tenantId}/${userId}`,
  indexes: { due: { type: "integer", value: ({ dueTime }) => (dueTime ? timestampMs(dueTime) : 0) } },
  events: "none",
};

/** Roles that a tenant made for itself or for one of its clients. */
export const roles: Collection<typeof RoleSchema> = {
  name: "identity_roles",
  schema: RoleSchema,
  id: (role) => role.id,
  // No client id has a slash.
  unique: { name: { type: "text", value: (role) => `${role.clientId}/${role.name}` } },
  events: "required",
};

/** Where the roles of one client are in that index. */
export const rolesOfClient = (clientId: string) => ({ index: "name", prefix: `${clientId}/` });

/** What the unique index of assignments has for one. */
export const assignmentIndexed = (roleId: string, subject: string): string => `${roleId}/${subject}`;

/** Who has which role. */
export const roleAssignments: Collection<typeof RoleAssignmentSchema> = {
  name: "identity_role_assignments",
  schema: RoleAssignmentSchema,
  id: (assignment) => assignment.id,
  unique: { role_and_subject: { type: "text", value: ({ roleId, subject }) => assignmentIndexed(roleId, subject) } },
  indexes: {
    role: { type: "text", value: (assignment) => assignment.roleId },
    subject: { type: "text", value: (assignment) => assignment.subject },
  },
  events: "required",
};

/** A group's name as it is looked up: without regard to case. Its form allows ASCII only. */
export const groupKey = (name: string): string => (name.isWellFormed() ? name.toLowerCase() : "\ufffd");

/** Groups of people. */
export const groups: Collection<typeof GroupSchema> = {
  name: "identity_groups",
  schema: GroupSchema,
  id: (group) => group.id,
  unique: { name: { type: "text", value: (group) => groupKey(group.name) } },
  events: "required",
};

/** What the unique index of memberships has for one. */
export const membershipIndexed = (groupId: string, memberId: string): string => `${groupId}/${memberId}`;

/** Who is in which group. */
export const groupMembers: Collection<typeof GroupMemberSchema> = {
  name: "identity_group_members",
  schema: GroupMemberSchema,
  id: (membership) => membership.id,
  unique: {
    group_and_member: {
      type: "text",
      value: ({ groupId, member }) => membershipIndexed(groupId, subjectParts(member).id),
    },
  },
  indexes: {
    group: { type: "text", value: (membership) => membership.groupId },
    member: { type: "text", value: (membership) => membership.member },
  },
  events: "required",
};

/** What changes of inclusions have in common. It says nothing of the product by itself. */
export const graphs: Collection<typeof GraphSchema> = {
  name: "identity_graphs",
  schema: GraphSchema,
  id: (graph) => graph.id,
  events: "none",
};

/** Accounts that wait for the people who were invited to them, found by their addresses. */
export const invitations: Collection<typeof InvitationSchema> = {
  name: "identity_invitations",
  schema: InvitationSchema,
  id: (invitation) => invitation.id,
  unique: { email: { type: "text", value: (invitation) => invitation.emailKey } },
  expiresAt: ({ forgetTime }) => (forgetTime ? timestampMs(forgetTime) : undefined),
  events: "required",
};

/** Answers to Create calls that carried a request id. */
export const identityRequests = requestRecords("identity");

/** Everything that the identity service stores. */
export const identityCollections: readonly Collection[] = [
  users,
  attributeSchemas,
  dataExports,
  passwords,
  passwordHistories,
  passwordPolicies,
  usernamePolicies,
  purges,
  roles,
  roleAssignments,
  groups,
  groupMembers,
  graphs,
  invitations,
  identityRequests,
];
