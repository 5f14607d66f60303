import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetRoleResponseSchema,
  type GetRoleRequest,
  type GetRoleResponse,
} from "#gen/koder/identity/v1/role_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { roles } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { builtInRoles } from "./built-in-roles.ts";
import { roleMessage } from "./role-message.ts";
import { roleNotFound } from "./role-refused.ts";

/** One role of the tenant, or one that every tenant has. */
export function getRole({ store }: Pick<IdentityDependencies, "store">) {
  return async ({ roleId }: GetRoleRequest, context: HandlerContext): Promise<GetRoleResponse> => {
    const builtIn = builtInRoles.find(({ id }) => id === roleId);
    if (builtIn !== undefined) return create(GetRoleResponseSchema, { role: roleMessage(builtIn) });
    const stored = await store.tenant(callOf(context).tenantId).get(roles, roleId);
    if (stored === undefined) throw roleNotFound(roleId);
    return create(GetRoleResponseSchema, { role: roleMessage(stored.record, stored.version) });
  };
}
