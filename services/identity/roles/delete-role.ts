import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  DeleteRoleResponseSchema,
  type DeleteRoleRequest,
  type DeleteRoleResponse,
} from "#gen/koder/identity/v1/role_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { checkHolds } from "../../host/held-permissions.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { remove } from "../../store/writes.ts";
import { roles } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { isBuiltIn } from "./built-in-roles.ts";
import { permissionsOf, readRoles } from "./role-catalogue.ts";
import { roleDeleted } from "./role-events.ts";
import { roleEtag } from "./role-message.ts";
import { roleBuiltIn, roleChangedMeanwhile, roleNotFound } from "./role-refused.ts";

/**
 * Deletes a role. From this commit on it permits nothing, because what names a role that is gone counts for nothing; that
 * goes afterwards (`finishRoleDeletion`), however much there is.
 */
export function deleteRole({
  store,
  authorities,
  clock,
}: Pick<IdentityDependencies, "store" | "authorities" | "clock">) {
  return ({ roleId, etag }: DeleteRoleRequest, context: HandlerContext): Promise<DeleteRoleResponse> =>
    changeLatest(etag, async () => {
      const call = callOf(context);
      if (isBuiltIn(roleId)) throw roleBuiltIn(roleId);
      const data = store.tenant(call.tenantId);
      const [stored, catalogue] = await Promise.all([data.get(roles, roleId), readRoles(data)]);
      if (stored === undefined) throw roleNotFound(roleId);
      if (etag !== "" && etag !== roleEtag(stored.version)) throw roleChangedMeanwhile();
      checkHolds(call.caller, permissionsOf(catalogue, [roleId]));
      const deleted = roleDeleted(call, clock(), { id: roleId, version: stored.version + 1 }, stored.record.name);
      if (!(await commitUnlessChanged(data, [remove(roles, stored)], [deleted]))) throw roleChangedMeanwhile();
      authorities.forgetTenant(call.tenantId);
      return create(DeleteRoleResponseSchema, {});
    });
}
