import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  AuthorizationParametersSchema,
  AuthorizeResponseSchema,
  type AuthorizeRequest,
  type AuthorizeResponse,
} from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { answerWithError } from "./answer-with-error.ts";
import { checkClient } from "./check-client.ts";
import { checkRedirectUri } from "./check-redirect-uri.ts";
import { nextStep } from "./interactions/interactions.ts";
import { storeAuthorization } from "./pending-authorization.ts";
import { readRequest } from "./read-request.ts";
import { resolveSession } from "./resolve-session.ts";

/**
 * The authorization endpoint (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2). First client and redirect URI: until both are
 * proven good, a fault is shown on a page of ours. From there on a fault goes to the client. A person who has nothing left
 * to do gets the code at once; otherwise the request waits for them.
 */
export function authorize(dependencies: OauthDependencies) {
  const { clients, peers, clock } = dependencies;
  return async (request: AuthorizeRequest, context: HandlerContext): Promise<AuthorizeResponse> => {
    const call = callOf(context);
    const { parameters = create(AuthorizationParametersSchema), sessionToken, browserToken } = request;
    let redirectUri: string | undefined;
    try {
      const client = await checkClient(clients, call, parameters);
      redirectUri = checkRedirectUri(client, parameters);
      const now = clock();
      const authorization = readRequest(client, redirectUri, parameters, now);
      const session = await resolveSession(peers, call, sessionToken);
      const next = await nextStep(dependencies, { call, client, authorization, session, now }, () =>
        storeAuthorization(dependencies, call, authorization, browserToken),
      );
      return create(AuthorizeResponseSchema, { next });
    } catch (error) {
      if (!(error instanceof OAuthRefusal)) throw error;
      if (redirectUri === undefined) {
        return create(AuthorizeResponseSchema, { next: { case: "errorPage", value: error.toMessage() } });
      }
      // A state that was sent twice is nobody's: which one the client meant cannot be told.
      const state = parameters.duplicateParameters.includes("state") ? "" : parameters.state;
      const redirect = await answerWithError(dependencies, call, { redirectUri, state }, error);
      return create(AuthorizeResponseSchema, { next: { case: "redirect", value: redirect } });
    }
  };
}
