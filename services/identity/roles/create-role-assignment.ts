import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { RoleAssignmentSchema as StoredAssignmentSchema } from "#gen/koder/identity/store/v1/role_pb.ts";
import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import type { RoleAssignment } from "#gen/koder/identity/v1/role_pb.ts";
import {
  CreateRoleAssignmentResponseSchema,
  type CreateRoleAssignmentRequest,
  type CreateRoleAssignmentResponse,
} from "#gen/koder/identity/v1/role_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf, type Call } from "../../host/call.ts";
import { failure } from "../../host/failure.ts";
import { checkHolds } from "../../host/held-permissions.ts";
import { Conflict, type TenantStore } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import { assignmentIndexed, groups, roleAssignments } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { groupNotFound } from "../groups/group-refused.ts";
import { identityFailure } from "../identity-failure.ts";
import { checkUserIsThere } from "../users/check-user-is-there.ts";
import { roleAssigned } from "./assignment-events.ts";
import { mostAssignments } from "./authorities.ts";
import { clientFaults } from "./client-faults.ts";
import { permissionsOf, readRoles } from "./role-catalogue.ts";
import { assignmentMessage } from "./role-message.ts";
import { roleNotFound } from "./role-refused.ts";
import { clientSubject, groupSubject, userSubject, type Subject } from "./subject.ts";

/**
 * Gives a role, and with it all that it includes, to whoever is named; the caller must hold what it permits. A repeat answers
 * the assignment there is. A client need not be there yet: whoever comes to create it must hold what waits for it. One that was
 * deleted gets nothing.
 */
export function createRoleAssignment({
  store,
  peers,
  authorities,
  clock,
}: Pick<IdentityDependencies, "store" | "peers" | "authorities" | "clock">) {
  return async (
    { roleId, assignment }: CreateRoleAssignmentRequest,
    context: HandlerContext,
  ): Promise<CreateRoleAssignmentResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const catalogue = await readRoles(data);
    if (!catalogue.has(roleId)) throw roleNotFound(roleId);
    const subject = await checkedSubject(data, assignment);
    checkHolds(call.caller, permissionsOf(catalogue, [roleId]));
    if (assignment?.subject.case === "clientId") await refuseDeletedClient({ peers }, call, assignment.subject.value);
    const find = () => data.find(roleAssignments, "role_and_subject", assignmentIndexed(roleId, subject));
    const before = await find();
    if (before !== undefined) {
      return create(CreateRoleAssignmentResponseSchema, { assignment: assignmentMessage(before.record) });
    }
    const { items } = await data.page(roleAssignments, { index: "subject", equals: subject, limit: mostAssignments });
    if (items.length >= mostAssignments) {
      const message = `nobody is given more than ${mostAssignments} roles`;
      throw identityFailure(IdentityErrorReason.ROLE_ASSIGNMENT_LIMIT, message);
    }
    const now = clock();
    const record = create(StoredAssignmentSchema, { id: ulid(now), roleId, subject, createTime: timestampFromMs(now) });
    try {
      await data.commit([insert(roleAssignments, record)], [roleAssigned(call, now, record)]);
    } catch (error) {
      const meanwhile = error instanceof Conflict ? await find() : undefined;
      if (meanwhile === undefined) throw error;
      return create(CreateRoleAssignmentResponseSchema, { assignment: assignmentMessage(meanwhile.record) });
    }
    authorities.forgetSubject(call.tenantId, subject);
    return create(CreateRoleAssignmentResponseSchema, { assignment: assignmentMessage(record) });
  };
}

async function refuseDeletedClient(needs: Pick<IdentityDependencies, "peers">, call: Call, clientId: string) {
  const violations = await clientFaults(needs, call, clientId, "assignment.client_id");
  if (violations.length === 0) return;
  throw failure(ErrorReason.INVALID_REQUEST, `assignment.client_id: the client ${clientId} was deleted`, {
    violations,
  });
}

async function checkedSubject(data: TenantStore, assignment: RoleAssignment | undefined): Promise<Subject> {
  if (assignment === undefined) throw failure(ErrorReason.INVALID_REQUEST, "assignment: is required");
  const sent = { id: assignment.id !== "", role_id: assignment.roleId !== "", create_time: !!assignment.createTime };
  const violations = Object.entries(sent)
    .filter(([, isSent]) => isSent)
    .map(([field]) => ({ field: `assignment.${field}`, description: "is set by the server" }));
  if (violations.length > 0) {
    throw identityFailure(IdentityErrorReason.FIELD_NOT_WRITABLE, "the assignment has what the server sets", {
      violations,
    });
  }
  const { subject } = assignment;
  switch (subject.case) {
    case "userId":
      await checkUserIsThere(data, subject.value);
      return userSubject(subject.value);
    case "groupId":
      if ((await data.get(groups, subject.value)) === undefined) throw groupNotFound(subject.value);
      return groupSubject(subject.value);
    case "clientId":
      return clientSubject(subject.value);
    case undefined:
      throw failure(ErrorReason.INVALID_REQUEST, "assignment: must say who gets the role");
  }
}
