import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { scopesLeft } from "../scopes-left.ts";
import { parseScope } from "../scopes.ts";
import type { AuthorizationParameters } from "./authorization-request.ts";

/**
 * The scopes asked for, as far as the client may have them; unknown ones are passed over and the granted set is told in
 * the token answer (RFC 6749 §3.3). Offline access is nothing for a client that cannot refresh. Throws invalid_scope where
 * scopes were asked for and none is left.
 */
export function checkScope(client: Client, { scope }: Pick<AuthorizationParameters, "scope">): readonly string[] {
  const asked = parseScope(scope);
  if (asked === undefined) throw new OAuthRefusal("invalid_scope", "scope must be scope tokens separated by spaces");
  const mayRefresh = client.grantTypes.includes("refresh_token");
  const allowed = asked.filter((token) => client.scopes.includes(token) && (token !== "offline_access" || mayRefresh));
  return scopesLeft(asked, allowed);
}
