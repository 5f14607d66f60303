import { create } from "@bufbuild/protobuf";
import {
  AuthorizationRedirectSchema,
  type AuthorizationRedirect,
} from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { GrantService } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import { isRegisteredRedirectUri } from "../clients/redirect-uri.ts";
import type { OauthDependencies } from "../dependencies.ts";

/** What a code is issued for. */
export interface CodeSubject {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly codeChallenge: string;
  readonly nonce: string;
  readonly scopes: readonly string[];
  readonly state: string;
  readonly sessionId: string;
  /** True when max_age was sent: the id token then carries auth_time. */
  readonly authTimeRequested: boolean;
}

/**
 * Issues the code and answers the redirect to the client; undefined when the session has ended meanwhile, or the client has
 * gone or no longer has the redirect URI.
 *
 * The client is looked at once more after its code was issued, in the store: the code carries the client's epoch of that
 * moment, and would outlive a deletion that counted it up before, of which this process has not heard. A deletion after
 * this look counts it up after the code was issued.
 */
export async function answerWithCode(
  { peers, tenants, clients }: Pick<OauthDependencies, "peers" | "tenants" | "clients">,
  call: Call,
  subject: CodeSubject,
): Promise<AuthorizationRedirect | undefined> {
  const [{ canonicalOrigin }, { outcome }] = await Promise.all([
    tenants.get(call),
    peers.client(GrantService).issueCode(
      {
        clientId: subject.clientId,
        redirectUri: subject.redirectUri,
        codeChallenge: subject.codeChallenge,
        nonce: subject.nonce,
        scopes: [...subject.scopes],
        sessionId: subject.sessionId,
        authTimeRequested: subject.authTimeRequested,
      },
      forward(call),
    ),
  ]);
  if (outcome.case !== "code") return undefined;
  const client = await clients.current(call, subject.clientId);
  if (client === undefined || !isRegisteredRedirectUri(client, subject.redirectUri)) return undefined;
  return create(AuthorizationRedirectSchema, {
    redirectUri: subject.redirectUri,
    code: outcome.value,
    state: subject.state,
    iss: canonicalOrigin,
  });
}
