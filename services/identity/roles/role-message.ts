import { create } from "@bufbuild/protobuf";
import type {
  Role as StoredRole,
  RoleAssignment as StoredRoleAssignment,
} from "#gen/koder/identity/store/v1/role_pb.ts";
import { RoleAssignmentSchema, RoleSchema, type Role, type RoleAssignment } from "#gen/koder/identity/v1/role_pb.ts";
import { isBuiltIn } from "./built-in-roles.ts";
import { subjectParts } from "./subject.ts";

/** Opaque to callers: the version of the role's record. */
export const roleEtag = (version: number): string => `v${version}`;

/** A role as others see it; without a version, which a built-in role has not, it has no etag. */
export function roleMessage(record: StoredRole, version?: number): Role {
  return create(RoleSchema, {
    id: record.id,
    etag: version === undefined ? "" : roleEtag(version),
    name: record.name,
    clientId: record.clientId,
    displayName: record.displayName,
    description: record.description,
    permissions: record.permissions,
    includedRoleIds: record.includedRoleIds,
    builtIn: isBuiltIn(record.id),
    ...(record.createTime ? { createTime: record.createTime } : {}),
    ...(record.updateTime ? { updateTime: record.updateTime } : {}),
  });
}

const caseOf: Readonly<Record<string, "userId" | "groupId" | undefined>> = { user: "userId", group: "groupId" };

/** An assignment as others see it. */
export function assignmentMessage({ id, roleId, subject, createTime }: StoredRoleAssignment): RoleAssignment {
  const { kind, id: value } = subjectParts(subject);
  return create(RoleAssignmentSchema, {
    id,
    roleId,
    subject: { case: caseOf[kind] ?? "clientId", value },
    ...(createTime ? { createTime } : {}),
  });
}
