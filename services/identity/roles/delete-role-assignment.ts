import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import {
  DeleteRoleAssignmentResponseSchema,
  type DeleteRoleAssignmentRequest,
  type DeleteRoleAssignmentResponse,
} from "#gen/koder/identity/v1/role_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { checkHolds } from "../../host/held-permissions.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { remove } from "../../store/writes.ts";
import { roleAssignments } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { identityFailure } from "../identity-failure.ts";
import { roleUnassigned } from "./assignment-events.ts";
import { permissionsOf, readRoles } from "./role-catalogue.ts";

/** Takes a role from somebody; who does must hold what it permits. The path's role must be the assignment's (security A14). */
export function deleteRoleAssignment({
  store,
  authorities,
  clock,
}: Pick<IdentityDependencies, "store" | "authorities" | "clock">) {
  return async (
    { roleId, assignmentId }: DeleteRoleAssignmentRequest,
    context: HandlerContext,
  ): Promise<DeleteRoleAssignmentResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const notFound = () =>
      identityFailure(IdentityErrorReason.ROLE_ASSIGNMENT_NOT_FOUND, `the role has no assignment ${assignmentId}`);
    const [stored, catalogue] = await Promise.all([data.get(roleAssignments, assignmentId), readRoles(data)]);
    if (stored === undefined || stored.record.roleId !== roleId) throw notFound();
    checkHolds(call.caller, permissionsOf(catalogue, [roleId]));
    const isDone = await commitUnlessChanged(
      data,
      [remove(roleAssignments, stored)],
      [roleUnassigned(call, clock(), stored.record)],
    );
    if (!isDone) throw notFound();
    authorities.forgetSubject(call.tenantId, stored.record.subject);
    return create(DeleteRoleAssignmentResponseSchema, {});
  };
}
