import { webAddressFault } from "./web-address.ts";
import type { MetadataPart } from "./metadata-part.ts";

/** What holds for every authorization of a client, whatever its requests say. */
export const authorization: MetadataPart<
  | "initiateLoginUri"
  | "defaultMaxAge"
  | "requireAuthTime"
  | "defaultAcrValues"
  | "requirePushedAuthorizationRequests"
  | "requirePkce"
  | "firstParty"
  | "idTokenSignedResponseAlg"
  | "userinfoSignedResponseAlg"
> = (client, wrong) => {
  const { initiateLoginUri, defaultMaxAge, requireAuthTime, defaultAcrValues, requirePkce } = client;
  const fault = webAddressFault(initiateLoginUri, { endpoint: true });
  if (fault !== undefined) wrong("initiate_login_uri", fault);
  if (defaultAcrValues.some((value) => !/^[\x21-\x7e]+$/.test(value)))
    wrong("default_acr_values", "must be printable ASCII without spaces");
  if (client.tokenEndpointAuthMethod === "none" && requirePkce === false)
    wrong("require_pkce", "must not be false for a public client");
  return {
    initiateLoginUri,
    ...(defaultMaxAge === undefined ? {} : { defaultMaxAge }),
    requireAuthTime,
    defaultAcrValues,
    requirePushedAuthorizationRequests: client.requirePushedAuthorizationRequests,
    ...(requirePkce === undefined ? {} : { requirePkce }),
    firstParty: client.firstParty ?? true,
    idTokenSignedResponseAlg: client.idTokenSignedResponseAlg || "RS256",
    userinfoSignedResponseAlg: client.userinfoSignedResponseAlg,
  };
};
