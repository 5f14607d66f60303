import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  DeclineAuthorizationResponseSchema,
  type DeclineAuthorizationRequest,
  type DeclineAuthorizationResponse,
} from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { answerWithRefusal } from "./answer-with-refusal.ts";
import { goOn } from "./go-on.ts";
import { pendingState } from "./pending-state.ts";

/**
 * Tells the client that the person did not do what the sign-in asked of them, with which the request is over. A device hears of nothing: who
 * has typed its code decides about it on a page of its own, signed in.
 */
export function declineAuthorization(dependencies: OauthDependencies) {
  return async (
    request: DeclineAuthorizationRequest,
    context: HandlerContext,
  ): Promise<DeclineAuthorizationResponse> => {
    const call = callOf(context);
    const { pending, state } = await pendingState(dependencies, call, request);
    if (state.authorization.deviceCodeId !== "") {
      return create(DeclineAuthorizationResponseSchema, { next: await goOn(dependencies, state, request) });
    }
    const redirect = await answerWithRefusal(dependencies, call, pending, "the person did not accept the terms");
    return create(DeclineAuthorizationResponseSchema, { next: { case: "redirect", value: redirect } });
  };
}
