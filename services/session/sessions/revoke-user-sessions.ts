import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { BumpEpochRequestSchema } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import {
  RevokeUserSessionsResponseSchema,
  type RevokeUserSessionsRequest,
  type RevokeUserSessionsResponse,
} from "#gen/koder/session/v1/session_service_pb.ts";
import { callOf } from "../../host/call.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { bumpEpoch } from "../revocation/bump-epoch.ts";
import { userOf } from "../../host/user-of.ts";

/**
 * Signs a person out everywhere: their epoch is counted up, so that whatever they were given is void at its next
 * use, however much of it there is, and a sign-in that is under way ends without a session.
 */
export function revokeUserSessions(dependencies: SessionDependencies) {
  const bump = bumpEpoch(dependencies);
  return async (request: RevokeUserSessionsRequest, context: HandlerContext): Promise<RevokeUserSessionsResponse> => {
    const value = userOf(callOf(context), request);
    await bump(create(BumpEpochRequestSchema, { subject: { case: "userId", value } }), context);
    return create(RevokeUserSessionsResponseSchema, {});
  };
}
