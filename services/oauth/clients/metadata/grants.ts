import { deviceCodeGrantType } from "../../device/device-code-grant-type.ts";
import { parseScope, personScopes } from "../../scopes.ts";
import { redirectUriFault } from "../redirect-uri.ts";
import type { MetadataPart } from "./metadata-part.ts";

/** What a client may ask for, and where the answers go (RFC 7591 §2, OpenID Connect Registration §2). */
export const grants: MetadataPart<
  "grantTypes" | "responseTypes" | "applicationType" | "scopes" | "redirectUris" | "postLogoutRedirectUris"
> = (client, wrong) => {
  const { redirectUris, postLogoutRedirectUris } = client;
  const grantTypes = client.grantTypes.length > 0 ? client.grantTypes : ["authorization_code"];
  const usesCode = grantTypes.includes("authorization_code");
  const responseTypes = client.responseTypes.length > 0 ? client.responseTypes : usesCode ? ["code"] : [];
  const applicationType = client.applicationType || "web";
  const scopes = client.scope === "" ? personScopes : parseScope(client.scope);

  if (usesCode && redirectUris.length === 0)
    wrong("redirect_uris", "must name at least one URI for the grant authorization_code");
  if (!usesCode && redirectUris.length > 0)
    wrong("redirect_uris", "must be empty without the grant authorization_code");
  if (usesCode !== responseTypes.includes("code"))
    wrong("response_types", "must hold code exactly with the grant authorization_code");
  if (grantTypes.includes("refresh_token") && !usesCode && !grantTypes.includes(deviceCodeGrantType))
    wrong("grant_types", "refresh_token must come with authorization_code or the device grant");
  if (grantTypes.includes("client_credentials") && client.tokenEndpointAuthMethod === "none")
    wrong("grant_types", "client_credentials must not be given to a public client");
  if (scopes === undefined) wrong("scope", "must be scope tokens separated by spaces");
  const uris = { redirect_uris: redirectUris, post_logout_redirect_uris: postLogoutRedirectUris };
  for (const [field, listed] of Object.entries(uris)) {
    for (const [index, uri] of listed.entries()) {
      const fault = redirectUriFault(uri, applicationType);
      if (fault !== undefined) wrong(`${field}[${index}]`, fault);
    }
  }
  return {
    grantTypes,
    responseTypes,
    applicationType,
    scopes: [...(scopes ?? [])],
    redirectUris,
    postLogoutRedirectUris,
  };
};
