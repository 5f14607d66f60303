import { create } from "@bufbuild/protobuf";
import {
  AuthorizationRedirectSchema,
  type AuthorizationRedirect,
} from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { GrantService } from "#gen/koder/session/v1/grant_internal_pb.ts";
import type { Session } from "#gen/koder/session/v1/session_pb.ts";
import { forward } from "../../host/call.ts";
import { allowedScopes } from "../allowed-scopes.ts";
import { isRegisteredRedirectUri } from "../clients/redirect-uri.ts";
import type { OauthDependencies } from "../dependencies.ts";
import type { AuthorizationState } from "./authorization-request.ts";

/**
 * Issues the code and answers the redirect to the client; undefined when the session has ended meanwhile, or the client has
 * gone or no longer has the redirect URI.
 *
 * The client is looked at once more after its code was issued, in the store: the code carries the client's epoch of that
 * moment, and would outlive a deletion that counted it up before, of which this process has not heard. A deletion after
 * this look counts it up after the code was issued.
 */
export async function answerWithCode(
  {
    peers,
    tenants,
    clients,
    accessTargets,
  }: Pick<OauthDependencies, "peers" | "tenants" | "clients" | "accessTargets">,
  { call, client, authorization, session, consent }: AuthorizationState & { readonly session: Session },
): Promise<AuthorizationRedirect | undefined> {
  const { redirectUri } = authorization;
  // Of those asked for, the ones that the client still may have.
  const scopes = allowedScopes(client, authorization.scopes);
  const resources = await accessTargets.granted(call, authorization.resources, scopes);
  const [{ canonicalOrigin }, { outcome }] = await Promise.all([
    tenants.get(call),
    peers.client(GrantService).issueCode(
      {
        clientId: client.clientId,
        redirectUri,
        codeChallenge: authorization.codeChallenge,
        nonce: authorization.nonce,
        scopes: [...scopes],
        sessionId: session.id,
        // A request that was stored before there was a field for it says so by its max_age.
        authTimeRequested: authorization.authTimeRequested || authorization.maxAge !== undefined,
        resources: [...resources],
        claims: authorization.claims,
        dpopJkt: authorization.dpopJkt,
        // What is taken back after it was looked at voids the code, whoever is faster.
        ...(consent === undefined ? {} : { consentVersion: BigInt(consent.version) }),
      },
      forward(call),
    ),
  ]);
  if (outcome.case !== "code") return undefined;
  const now = await clients.current(call, client.clientId);
  if (now === undefined || !isRegisteredRedirectUri(now, redirectUri)) return undefined;
  return create(AuthorizationRedirectSchema, {
    redirectUri,
    code: outcome.value,
    responseMode: authorization.responseMode,
    state: authorization.state,
    uiLocales: authorization.uiLocales,
    iss: canonicalOrigin,
  });
}
