import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListEffectivePermissionsResponseSchema,
  type ListEffectivePermissionsRequest,
  type ListEffectivePermissionsResponse,
} from "#gen/koder/identity/v1/role_service_pb.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { askedAuthority } from "./effective-authority.ts";
import { roleMessage } from "./role-message.ts";

/** Everything that somebody may do, and the roles that say so. */
export function listEffectivePermissions(dependencies: Pick<IdentityDependencies, "store" | "authorities">) {
  return async (
    request: ListEffectivePermissionsRequest,
    context: HandlerContext,
  ): Promise<ListEffectivePermissionsResponse> => {
    const { roles, permissions } = await askedAuthority(dependencies, request, context);
    return create(ListEffectivePermissionsResponseSchema, {
      permissions: [...permissions].toSorted(),
      roles: roles.map((role) => roleMessage(role)).toSorted((one, other) => (one.id < other.id ? -1 : 1)),
    });
  };
}
