import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ResumeAuthorizationResponseSchema,
  type ResumeAuthorizationRequest,
  type ResumeAuthorizationResponse,
} from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { isRegisteredRedirectUri } from "../clients/redirect-uri.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { deviceStep } from "../device/device-step.ts";
import { oauthFailure } from "../oauth-failure.ts";
import { answerRefusal } from "./answer-refusal.ts";
import { nextStep } from "./interactions/interactions.ts";
import { pendingAuthorization } from "./pending-authorization.ts";
import { resolveSession } from "./resolve-session.ts";

/**
 * Goes on with a request after an interaction. The client is looked at again, and so is every interaction. The request is
 * left to expire by itself: with the same browser and session it gives what sending it anew would give.
 */
export function resumeAuthorization(dependencies: OauthDependencies) {
  const { clients, peers, clock } = dependencies;
  return async (request: ResumeAuthorizationRequest, context: HandlerContext): Promise<ResumeAuthorizationResponse> => {
    const call = callOf(context);
    const { authorizationId, browserToken, sessionToken } = request;
    const authorization = await pendingAuthorization(dependencies, call, authorizationId, browserToken);
    const client = await clients.get(call, authorization.clientId);
    const isOfDevice = authorization.deviceCodeId !== "";
    if (client === undefined || (!isOfDevice && !isRegisteredRedirectUri(client, authorization.redirectUri))) {
      throw oauthFailure(
        OauthErrorReason.AUTHORIZATION_NOT_FOUND,
        "the application that asked for this sign-in is gone or was changed; go back to it and start again",
      );
    }
    const session = await resolveSession(peers, call, sessionToken);
    const state = { call, client, authorization, session, now: clock() };
    if (isOfDevice) {
      return create(ResumeAuthorizationResponseSchema, { next: deviceStep(state, authorizationId) });
    }
    const next = await answerRefusal(dependencies, call, async (proven) => {
      proven(authorization);
      return nextStep(dependencies, state, () => Promise.resolve(authorizationId));
    });
    if (next.case === "errorPage") throw new Error("an authorization whose client is known was refused on a page");
    return create(ResumeAuthorizationResponseSchema, { next });
  };
}
