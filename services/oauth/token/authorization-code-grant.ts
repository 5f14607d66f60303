import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { GrantRefusal, GrantService } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { endsAtLogout } from "../logout/ends-at-logout.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { mintForGrant } from "./mint.ts";
import { grantRefused } from "./grant-refused.ts";
import { refreshPolicyOf } from "./refresh-policy.ts";
import type { GrantHandler } from "./token-request.ts";

/**
 * `grant_type=authorization_code` (RFC 6749 §4.1.3): the session service redeems the code, we mint what it gave.
 *
 * The client is read anew: a replica that has not heard yet that it was deleted may have had a code issued after its epoch
 * was counted up, and the grant would be alive. A client that is there now has an epoch yet to be counted up.
 */
export function authorizationCodeGrant(dependencies: OauthDependencies): GrantHandler {
  const { accessTargets, clients, peers, tenants } = dependencies;
  return async ({ call, client, parameters, dpopJkt }) => {
    if (parameters.code === "") throw new OAuthRefusal("invalid_request", "code is missing");
    if (parameters.redirectUri === "") throw new OAuthRefusal("invalid_request", "redirect_uri is missing");
    const resource = await accessTargets.checkOneResource(call, client, parameters.resources);
    if ((await clients.current(call, client.clientId)) === undefined) {
      throw new OAuthRefusal("invalid_client", "client authentication failed");
    }
    const [{ canonicalOrigin }, longest] = await Promise.all([
      tenants.get(call),
      accessTargets.longestLifetime(call, client),
    ]);
    const { outcome } = await peers.client(GrantService).redeemCode(
      {
        code: parameters.code,
        clientId: client.clientId,
        redirectUri: parameters.redirectUri,
        codeVerifier: parameters.codeVerifier,
        refreshTokenAllowed: client.grantTypes.includes("refresh_token"),
        refreshWithoutOfflineAccess: client.refreshWithoutOfflineAccess,
        refreshPolicy: refreshPolicyOf(client),
        accessTokenLifetime: durationFromMs(longest),
        resource,
        issuer: canonicalOrigin,
        dpopJkt,
        // RFC 9449 §5: those of a confidential client are bound to its credential already.
        bindRefreshToken: client.tokenEndpointAuthMethod === "none" && dpopJkt !== "",
        endsAtLogout: await endsAtLogout(dependencies, call, client),
      },
      forward(call),
    );
    if (outcome.case !== "redeemed") {
      throw grantRefused("code", outcome.case === "refusal" ? outcome.value : GrantRefusal.UNSPECIFIED);
    }
    const { scopes = [], resources = [] } = outcome.value.grant ?? {};
    const target = await accessTargets.targetOf(call, client, resource === "" ? resources : [resource], scopes);
    return mintForGrant(dependencies, { call, client, dpopJkt }, outcome.value, { scopes, target });
  };
}
