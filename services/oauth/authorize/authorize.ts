import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  AuthorizationRedirectSchema,
  AuthorizeResponseSchema,
  type AuthorizeRequest,
  type AuthorizeResponse,
} from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { callOf, type Call } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { answerWithCode } from "./answer-with-code.ts";
import type { AuthorizationRequest } from "./authorization-request.ts";
import { checkClient } from "./check-client.ts";
import { checkRedirectUri } from "./check-redirect-uri.ts";
import { storeAuthorization } from "./pending-authorization.ts";
import { readRequest } from "./read-request.ts";
import { resolveSession } from "./resolve-session.ts";
import { isSignInNeeded } from "./sign-in-needed.ts";

/**
 * The authorization endpoint (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2). First client and redirect URI: until both are
 * proven good, a fault is shown on a page of ours. From there on a fault goes to the client. A person who is signed in
 * recently enough gets the code at once; otherwise the request waits for them.
 */
export function authorize(dependencies: OauthDependencies) {
  return async (parameters: AuthorizeRequest, context: HandlerContext): Promise<AuthorizeResponse> => {
    const call = callOf(context);
    let redirectUri: string | undefined;
    try {
      const client = await checkClient(dependencies.clients, call, parameters);
      redirectUri = checkRedirectUri(client, parameters);
      const request = readRequest(client, redirectUri, parameters);
      return await answer(dependencies, call, request, parameters);
    } catch (error) {
      if (!(error instanceof OAuthRefusal)) throw error;
      if (redirectUri === undefined) {
        return create(AuthorizeResponseSchema, { next: { case: "errorPage", value: error.toMessage() } });
      }
      const { canonicalOrigin } = await dependencies.tenants.get(call);
      // A state that was sent twice is nobody's: which one the client meant cannot be told.
      const state = parameters.duplicateParameters.includes("state") ? "" : parameters.state;
      const redirect = create(AuthorizationRedirectSchema, {
        redirectUri,
        state,
        iss: canonicalOrigin,
        error: error.toMessage(),
      });
      return create(AuthorizeResponseSchema, { next: { case: "redirect", value: redirect } });
    }
  };
}

async function answer(
  dependencies: OauthDependencies,
  call: Call,
  request: AuthorizationRequest,
  { sessionToken, browserToken }: AuthorizeRequest,
): Promise<AuthorizeResponse> {
  const session = await resolveSession(dependencies.peers, call, sessionToken);
  const now = dependencies.clock();
  const mustSignIn = request.prompt.has("login") || request.prompt.has("select_account");
  const demand = { after: mustSignIn ? now : undefined, maxAge: request.maxAge };
  if (!isSignInNeeded(session, demand, undefined, now)) {
    const redirect = await answerWithCode(dependencies, call, {
      ...request,
      clientId: request.client.clientId,
      sessionId: session.id,
      authTimeRequested: request.maxAge !== undefined,
    });
    if (redirect !== undefined) {
      return create(AuthorizeResponseSchema, { next: { case: "redirect", value: redirect } });
    }
  }
  if (request.prompt.has("none")) throw new OAuthRefusal("login_required", "the person is not signed in");
  const authorizationId = await storeAuthorization(dependencies, call, request, browserToken);
  return create(AuthorizeResponseSchema, { next: { case: "signIn", value: { authorizationId } } });
}
