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
import { userMessage } from "../users/user-message.ts";
import { userNotFound } from "../users/user-not-found.ts";

/** A user's claims, for tokens and userinfo. */
export function getClaims({ store }: IdentityDependencies) {
  return async (request: GetClaimsRequest, context: HandlerContext): Promise<GetClaimsResponse> => {
    const stored = await store.tenant(callOf(context).tenantId).get(users, request.userId);
    if (stored === undefined) throw userNotFound(request.userId);
    return create(GetClaimsResponseSchema, { user: userMessage(stored) });
  };
}
