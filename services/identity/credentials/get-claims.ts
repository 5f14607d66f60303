import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetClaimsResponseSchema,
  type GetClaimsRequest,
  type GetClaimsResponse,
} from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { roleNames } from "../roles/role-names.ts";
import { userSubject } from "../roles/subject.ts";
import { userMessage } from "../users/user-message.ts";
import { userNotFound } from "../users/user-not-found.ts";

/** A user's claims, for tokens and userinfo; roles and groups, which are remembered, only for whoever asks. */
export function getClaims({ store, authorities }: Pick<IdentityDependencies, "store" | "authorities">) {
  return async (request: GetClaimsRequest, context: HandlerContext): Promise<GetClaimsResponse> => {
    const { tenantId } = callOf(context);
    const { userId, withMemberships, clientId } = request;
    const [stored, authority] = await Promise.all([
      store.tenant(tenantId).get(users, userId),
      withMemberships ? authorities.of(tenantId, userSubject(userId)) : undefined,
    ]);
    if (stored === undefined) throw userNotFound(userId);
    return create(GetClaimsResponseSchema, {
      user: userMessage(stored),
      roles: roleNames(authority?.roles ?? [], clientId),
      groups: (authority?.groups ?? []).map(({ name }) => name).toSorted(),
    });
  };
}
