import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetAuthorityResponseSchema,
  type GetAuthorityRequest,
  type GetAuthorityResponse,
} from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { callOf } from "../../host/call.ts";
import { users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";

/** What a user may do: the owner everything, everywhere; others nothing beyond themselves until they are given roles. */
export function getAuthority({ store }: IdentityDependencies) {
  return async (request: GetAuthorityRequest, context: HandlerContext): Promise<GetAuthorityResponse> => {
    const stored = await store.tenant(callOf(context).tenantId).get(users, request.userId);
    const isOwner = stored?.record.instanceOwner === true && stored.record.status === UserStatus.ACTIVE;
    return create(GetAuthorityResponseSchema, isOwner ? { permissions: ["*"], instance: true } : {});
  };
}
