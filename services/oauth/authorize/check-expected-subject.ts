import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { Call } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { readIdTokenHint } from "../token/id-token-hint.ts";
import type { AuthorizationParameters } from "./authorization-request.ts";
import { valuesOf, type ClaimsRequest } from "./claims-request.ts";

/** OpenID Connect Core §2. */
const subjectForm = /^[\x21-\x7e]{1,255}$/;

/**
 * The subject that the client expects, empty for anybody: by an id token that it was given before, or as the value of `sub`
 * in the claims of the id token. Nobody else gets an answer (OpenID Connect Core §3.1.2.2). An id token of another client's
 * is no hint, because nothing says that this one may have it.
 */
export async function checkExpectedSubject(
  dependencies: Pick<OauthDependencies, "tenants" | "signingKeys" | "clock">,
  call: Call,
  client: Client,
  { idTokenHint }: AuthorizationParameters,
  claims: ClaimsRequest,
): Promise<string> {
  const hinted = idTokenHint === "" ? undefined : await readIdTokenHint(dependencies, call, idTokenHint);
  if (idTokenHint !== "" && hinted?.clientId !== client.clientId) {
    throw new OAuthRefusal("invalid_request", "id_token_hint must be an id token that this client was given here");
  }
  const [claimed, ...others] = valuesOf(claims.id_token?.["sub"]) ?? [];
  if (claimed === undefined) return hinted?.subject ?? "";
  if (typeof claimed !== "string" || !subjectForm.test(claimed) || others.length > 0) {
    throw new OAuthRefusal("invalid_request", "claims must name one subject as the value of sub");
  }
  if (hinted !== undefined && hinted.subject !== claimed) {
    throw new OAuthRefusal("invalid_request", "id_token_hint and claims name different subjects");
  }
  return claimed;
}
