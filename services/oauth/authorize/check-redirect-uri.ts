import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { isRegisteredRedirectUri } from "../clients/redirect-uri.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import type { AuthorizationParameters } from "./authorization-request.ts";

/** The redirect URI is named, also where only one is registered (OpenID Connect Core §3.1.2.1), and is a registered one. */
export function checkRedirectUri(
  client: Client,
  { redirectUri, duplicateParameters }: Pick<AuthorizationParameters, "redirectUri" | "duplicateParameters">,
): string {
  if (duplicateParameters.includes("redirect_uri")) {
    throw new OAuthRefusal("invalid_request", "redirect_uri was sent twice");
  }
  if (redirectUri === "") throw new OAuthRefusal("invalid_request", "redirect_uri is missing");
  if (!isRegisteredRedirectUri(client, redirectUri)) {
    throw new OAuthRefusal("invalid_request", "redirect_uri is not registered for this client");
  }
  return redirectUri;
}
