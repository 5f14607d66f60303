import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
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
import { oauthFailure } from "../oauth-failure.ts";
import { answerWithCode } from "./answer-with-code.ts";
import { pendingAuthorization } from "./pending-authorization.ts";
import { resolveSession } from "./resolve-session.ts";
import { isSignInNeeded } from "./sign-in-needed.ts";

/**
 * Goes on with a request after the sign-in. The client is looked at again, and so is the age of the sign-in. The request is
 * left to expire by itself: with the same browser and session it gives what sending it anew would give.
 */
export function resumeAuthorization(dependencies: OauthDependencies) {
  const { clients, peers, clock } = dependencies;
  return async (request: ResumeAuthorizationRequest, context: HandlerContext): Promise<ResumeAuthorizationResponse> => {
    const call = callOf(context);
    const pending = await pendingAuthorization(dependencies, call, request.authorizationId, request.browserToken);
    const client = await clients.get(call, pending.clientId);
    if (client === undefined || !isRegisteredRedirectUri(client, pending.redirectUri)) {
      throw oauthFailure(
        OauthErrorReason.AUTHORIZATION_NOT_FOUND,
        "the application that asked for this sign-in is gone or was changed; go back to it and start again",
      );
    }
    const session = await resolveSession(peers, call, request.sessionToken);
    const begun = pending.createTime ? timestampMs(pending.createTime) : 0;
    const demand = {
      after: pending.freshSignIn ? begun : undefined,
      maxAge: pending.maxAge === undefined ? undefined : Number(pending.maxAge),
    };
    if (!isSignInNeeded(session, demand, begun, clock())) {
      const redirect = await answerWithCode(dependencies, call, {
        clientId: pending.clientId,
        redirectUri: pending.redirectUri,
        codeChallenge: pending.codeChallenge,
        nonce: pending.nonce,
        scopes: pending.scopes.filter((scope) => client.scopes.includes(scope)),
        state: pending.state,
        sessionId: session.id,
        authTimeRequested: pending.maxAge !== undefined,
      });
      if (redirect !== undefined) {
        return create(ResumeAuthorizationResponseSchema, { next: { case: "redirect", value: redirect } });
      }
    }
    return create(ResumeAuthorizationResponseSchema, {
      next: { case: "signIn", value: { authorizationId: request.authorizationId } },
    });
  };
}
