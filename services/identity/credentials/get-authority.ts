import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetAuthorityResponseSchema,
  type GetAuthorityRequest,
  type GetAuthorityResponse,
} from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { callOf } from "../../host/call.ts";
import type { TenantStore } from "../../store/store.ts";
import { users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { readAuthority } from "../roles/authorities.ts";
import { authorityOfUser } from "../roles/effective-authority.ts";
import { roleNames } from "../roles/role-names.ts";
import { clientSubject, userSubject } from "../roles/subject.ts";

/**
 * What a user may do by what is stored now, also while they may not sign in: who changes their account decides about what they
 * have when they may again. Of the owner of the instance it answers their roles, beside `instance`.
 */
async function storedAuthority(data: TenantStore, userId: string): Promise<GetAuthorityResponse> {
  const [stored, { permissions }] = await Promise.all([
    data.get(users, userId),
    readAuthority(data, userSubject(userId)),
  ]);
  if (stored === undefined) return create(GetAuthorityResponseSchema, {});
  const { instanceOwner: instance, status } = stored.record;
  return create(GetAuthorityResponseSchema, {
    permissions: [...permissions],
    instance,
    active: status === UserStatus.ACTIVE,
  });
}

/** What a user, or a client that acts for itself, may do by their roles; nobody beyond themselves without one. */
export function getAuthority(dependencies: Pick<IdentityDependencies, "store" | "authorities">) {
  return async (request: GetAuthorityRequest, context: HandlerContext): Promise<GetAuthorityResponse> => {
    const { tenantId } = callOf(context);
    const { userId, clientId, uncached } = request;
    if (userId === "" && clientId !== "") {
      const subject = clientSubject(clientId);
      const { permissions, roles } = await (uncached
        ? readAuthority(dependencies.store.tenant(tenantId), subject)
        : dependencies.authorities.of(tenantId, subject));
      return create(GetAuthorityResponseSchema, {
        permissions: [...permissions],
        active: true,
        roles: roleNames(roles, clientId),
      });
    }
    if (uncached) return storedAuthority(dependencies.store.tenant(tenantId), userId);
    const authority = await authorityOfUser(dependencies, tenantId, userId);
    if (authority === undefined) return create(GetAuthorityResponseSchema, {});
    return create(GetAuthorityResponseSchema, {
      permissions: [...authority.permissions],
      instance: authority.instance,
      active: true,
    });
  };
}
