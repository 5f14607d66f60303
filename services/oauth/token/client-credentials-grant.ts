import { accountScopes } from "../../host/account-scopes.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { scopesLeft } from "../scopes-left.ts";
import { parseScope, personScopes } from "../scopes.ts";
import { mintForClient } from "./mint.ts";
import type { GrantHandler } from "./token-request.ts";

const ofPersons: ReadonlySet<string> = new Set([...personScopes, ...accountScopes, "groups"]);

/**
 * `grant_type=client_credentials` (RFC 6749 §4.4), for confidential clients: an access token of the client's own, for the
 * scopes asked for among those that it may have, or all of them, as far as they mean something at the resource; those that
 * speak of a person are not among them. Throws invalid_scope where some are asked for and none is left.
 */
export function clientCredentialsGrant(dependencies: OauthDependencies): GrantHandler {
  const { accessTargets } = dependencies;
  return async ({ call, client, parameters, dpopJkt }) => {
    if (client.tokenEndpointAuthMethod === "none") {
      throw new OAuthRefusal("unauthorized_client", "a public client cannot act for itself");
    }
    const asked = parseScope(parameters.scope);
    if (asked === undefined) throw new OAuthRefusal("invalid_scope", "scope must be scope tokens separated by spaces");
    const resource = await accessTargets.checkOneResource(call, client, parameters.resources);
    const own = client.scopes.filter((scope) => !ofPersons.has(scope));
    const scopes =
      asked.length === 0
        ? own
        : scopesLeft(
            asked,
            asked.filter((scope) => own.includes(scope)),
          );
    const resources = await accessTargets.checkResources(call, client, resource === "" ? [] : [resource]);
    const target = await accessTargets.targetOf(call, client, resources, scopes);
    scopesLeft(asked, target.scopes);
    return mintForClient(dependencies, { call, client, dpopJkt }, target);
  };
}
