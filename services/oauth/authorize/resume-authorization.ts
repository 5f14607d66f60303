import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ResumeAuthorizationResponseSchema,
  type ResumeAuthorizationRequest,
  type ResumeAuthorizationResponse,
} from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { goOn } from "./go-on.ts";
import { pendingState } from "./pending-state.ts";

/**
 * Goes on with a request after an interaction. The client is looked at again, and so is every interaction. The request is
 * left to expire by itself: with the same browser and session it gives what sending it anew would give.
 */
export function resumeAuthorization(dependencies: OauthDependencies) {
  return async (request: ResumeAuthorizationRequest, context: HandlerContext): Promise<ResumeAuthorizationResponse> => {
    const { state } = await pendingState(dependencies, callOf(context), request);
    return create(ResumeAuthorizationResponseSchema, { next: await goOn(dependencies, state, request) });
  };
}
