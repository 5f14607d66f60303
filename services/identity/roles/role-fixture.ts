import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  RoleAssignmentSchema,
  type Role,
  type RoleAssignment,
  type RoleSchema,
} from "#gen/koder/identity/v1/role_pb.ts";
import {
  CreateRoleAssignmentRequestSchema,
  CreateRoleRequestSchema,
  DeleteRoleAssignmentRequestSchema,
  DeleteRoleRequestSchema,
  GetRoleRequestSchema,
  ListRoleAssignmentsRequestSchema,
  ListRolesRequestSchema,
  UpdateRoleRequestSchema,
} from "#gen/koder/identity/v1/role_service_pb.ts";
import type { Call } from "../../host/call.ts";
import { administrator, identityFixture } from "../identity-fixture.ts";
import { createRoleAssignment } from "./create-role-assignment.ts";
import { createRole } from "./create-role.ts";
import { deleteRoleAssignment } from "./delete-role-assignment.ts";
import { deleteRole } from "./delete-role.ts";
import { getRole } from "./get-role.ts";
import { listRoleAssignments } from "./list-role-assignments.ts";
import { listRoles } from "./list-roles.ts";
import { subjectParts } from "./subject.ts";
import { updateRole } from "./update-role.ts";

type Overrides = Partial<Call>;

/** An API key of the tenant that holds these permissions and no more. */
export const holderOf = (...permissions: string[]): Pick<Call, "caller" | "actor"> => ({
  ...administrator,
  caller: { kind: "client", clientId: undefined, apiKeyId: "key", permissions: new Set(permissions), instance: false },
});

/** The use cases of roles over a real store. */
export async function roleFixture() {
  const f = await identityFixture();
  const there = <Value>(value: Value | undefined): Value => {
    if (value === undefined) throw new Error("an answer without what was asked for");
    return value;
  };
  const context = (overrides: Overrides = {}) => f.context(overrides);
  return {
    ...f,
    role: async (
      init: MessageInitShape<typeof RoleSchema>,
      overrides: Overrides = {},
      requestId = "",
    ): Promise<Role> => {
      const request = create(CreateRoleRequestSchema, { role: init, requestId });
      return there((await createRole(f.dependencies)(request, context(overrides))).role);
    },
    getRole: async (roleId: string, overrides: Overrides = {}) =>
      there((await getRole(f.dependencies)(create(GetRoleRequestSchema, { roleId }), context(overrides))).role),
    listRoles: (init: MessageInitShape<typeof ListRolesRequestSchema> = {}, overrides: Overrides = {}) =>
      listRoles(f.dependencies)(create(ListRolesRequestSchema, init), context(overrides)),
    updateRole: async (
      roleId: string,
      role: MessageInitShape<typeof RoleSchema>,
      paths: readonly string[],
      overrides: Overrides = {},
    ) => {
      const request = create(UpdateRoleRequestSchema, { roleId, role, updateMask: { paths: [...paths] } });
      return there((await updateRole(f.dependencies)(request, context(overrides))).role);
    },
    deleteRole: (roleId: string, etag = "", overrides: Overrides = {}) =>
      deleteRole(f.dependencies)(create(DeleteRoleRequestSchema, { roleId, etag }), context(overrides)),
    /** Gives a role to `user/<id>`, `group/<id>` or `client/<client id>`. */
    assign: async (roleId: string, subject: string, overrides: Overrides = {}): Promise<RoleAssignment> => {
      const { kind, id: value } = subjectParts(subject);
      const caseOf = { user: "userId", group: "groupId", client: "clientId" } as const;
      const subjectOf = { case: caseOf[kind as keyof typeof caseOf], value };
      const assignment = create(RoleAssignmentSchema, { subject: subjectOf });
      const request = create(CreateRoleAssignmentRequestSchema, { roleId, assignment });
      return there((await createRoleAssignment(f.dependencies)(request, context(overrides))).assignment);
    },
    unassign: (roleId: string, assignmentId: string, overrides: Overrides = {}) =>
      deleteRoleAssignment(f.dependencies)(
        create(DeleteRoleAssignmentRequestSchema, { roleId, assignmentId }),
        context(overrides),
      ),
    assignments: (init: MessageInitShape<typeof ListRoleAssignmentsRequestSchema>, overrides: Overrides = {}) =>
      listRoleAssignments(f.dependencies)(create(ListRoleAssignmentsRequestSchema, init), context(overrides)),
  };
}
