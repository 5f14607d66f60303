import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { DeviceCodeRefusal, DeviceCodeService } from "#gen/koder/session/v1/device_code_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { endsAtLogout } from "../logout/ends-at-logout.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { mintForGrant } from "./mint.ts";
import { refreshPolicyOf } from "./refresh-policy.ts";
import type { GrantHandler } from "./token-request.ts";

/**
 * `grant_type=urn:ietf:params:oauth:grant-type:device_code` (RFC 8628 §3.4): the session service redeems the device code, we
 * mint what it gave. The client is read anew, for the reason that the authorization code grant has.
 */
export function deviceCodeGrant(dependencies: OauthDependencies): GrantHandler {
  const { accessTargets, tenants } = dependencies;
  return async ({ call, client, parameters, dpopJkt }) => {
    if (parameters.deviceCode === "") throw new OAuthRefusal("invalid_request", "device_code is missing");
    const resource = await accessTargets.checkOneResource(call, client, parameters.resources);
    if ((await dependencies.clients.current(call, client.clientId)) === undefined) {
      throw new OAuthRefusal("invalid_client", "client authentication failed");
    }
    const [{ canonicalOrigin }, longest] = await Promise.all([
      tenants.get(call),
      accessTargets.longestLifetime(call, client),
    ]);
    const { outcome } = await dependencies.peers.client(DeviceCodeService).redeemDeviceCode(
      {
        deviceCode: parameters.deviceCode,
        clientId: client.clientId,
        refreshTokenAllowed: client.grantTypes.includes("refresh_token"),
        refreshWithoutOfflineAccess: client.refreshWithoutOfflineAccess,
        refreshPolicy: refreshPolicyOf(client),
        accessTokenLifetime: durationFromMs(longest),
        resource,
        issuer: canonicalOrigin,
        dpopJkt,
        bindRefreshToken: client.tokenEndpointAuthMethod === "none" && dpopJkt !== "",
        endsAtLogout: await endsAtLogout(dependencies, call, client),
      },
      forward(call),
    );
    if (outcome.case !== "redeemed") {
      throw refusalOf(outcome.case === "refusal" ? outcome.value : DeviceCodeRefusal.UNSPECIFIED);
    }
    const { scopes = [], resources = [] } = outcome.value.grant ?? {};
    const target = await accessTargets.targetOf(call, client, resource === "" ? resources : [resource], scopes);
    return mintForGrant(dependencies, { call, client, dpopJkt }, outcome.value, { scopes, target });
  };
}

/** RFC 8628 §3.5. A code of another client is no code at all for this one. */
function refusalOf(refusal: DeviceCodeRefusal): OAuthRefusal {
  switch (refusal) {
    case DeviceCodeRefusal.PENDING:
      return new OAuthRefusal("authorization_pending", "the person has not decided yet");
    case DeviceCodeRefusal.TOO_FAST:
      return new OAuthRefusal("slow_down", "wait 5 seconds longer between requests from now on");
    case DeviceCodeRefusal.DENIED:
      return new OAuthRefusal("access_denied", "the person denied the request");
    case DeviceCodeRefusal.RESOURCE:
      return new OAuthRefusal("invalid_target", "resource is not among those that were granted");
    case DeviceCodeRefusal.EXPIRED:
      return new OAuthRefusal("expired_token", "the device_code has expired");
    default:
      return new OAuthRefusal("invalid_grant", "the device_code is unknown, used or revoked");
  }
}
