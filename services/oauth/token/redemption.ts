import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { IssuedTokens } from "#gen/koder/oauth/v1/token_internal_pb.ts";
import type { RedeemedGrant } from "#gen/koder/session/v1/grant_internal_pb.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { endsAtLogout } from "../logout/ends-at-logout.ts";
import { allowedScopes } from "../allowed-scopes.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { clientNow } from "./client-now.ts";
import { mintForGrant } from "./mint.ts";
import { refreshPolicyOf } from "./refresh-policy.ts";
import type { TokenRequest } from "./token-request.ts";

/** Whether its refresh tokens are bound to the key of a proof: those of a confidential client are to its credential (RFC 9449 §5). */
export const isRefreshTokenBound = ({ tokenEndpointAuthMethod }: TokenRequest["client"], dpopJkt: string): boolean =>
  tokenEndpointAuthMethod === "none" && dpopJkt !== "";

/**
 * On what terms a client redeems a code, or a device code: everything but the code itself. Throws invalid_target, and invalid_client for a client that is there no more.
 *
 * The client is read anew: a replica that has not heard yet that it was deleted may have had a code issued after its epoch
 * was counted up, and the grant would be alive. A client that is there now has an epoch yet to be counted up.
 */
export async function redemptionTerms(
  dependencies: OauthDependencies,
  { call, client, parameters, dpopJkt }: TokenRequest,
) {
  const { accessTargets, clients, tenants } = dependencies;
  const resource = await accessTargets.checkOneResource(call, client, parameters.resources);
  if (!(await clients.isThere(call, client.clientId))) {
    throw new OAuthRefusal("invalid_client", "client authentication failed");
  }
  const [{ canonicalOrigin }, longest, asItIsNow] = await Promise.all([
    tenants.get(call),
    accessTargets.longestLifetime(call, client),
    clientNow(dependencies, call, client),
  ]);
  return {
    clientId: client.clientId,
    refreshTokenAllowed:
      client.grantTypes.includes("refresh_token") &&
      (client.scopes.includes("offline_access") || client.refreshWithoutOfflineAccess),
    refreshWithoutOfflineAccess: client.refreshWithoutOfflineAccess,
    refreshPolicy: refreshPolicyOf(client),
    accessTokenLifetime: durationFromMs(longest),
    resource,
    issuer: canonicalOrigin,
    ...asItIsNow,
    dpopJkt,
    bindRefreshToken: isRefreshTokenBound(client, dpopJkt),
    offlineAccessWithheld: !client.scopes.includes("offline_access"),
    endsAtLogout: await endsAtLogout(dependencies, call, client),
  };
}

/** The tokens of a grant that was redeemed, for `resource` where the request named one, with those of its scopes that the client may have now. */
export async function mintRedeemed(
  dependencies: OauthDependencies,
  request: TokenRequest,
  redeemed: RedeemedGrant,
  resource: string,
): Promise<IssuedTokens> {
  const { call, client } = request;
  const { scopes: granted = [], resources = [] } = redeemed.grant ?? {};
  const scopes = allowedScopes(client, granted);
  const wanted = resource === "" ? resources : [resource];
  const target = await dependencies.accessTargets.targetOf(call, client, wanted, scopes);
  return mintForGrant(dependencies, request, redeemed, { scopes, target });
}
