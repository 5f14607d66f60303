import { DeviceCodeRefusal, DeviceCodeService } from "#gen/koder/session/v1/device_code_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { resourceRefused, scopeRefused } from "./grant-refused.ts";
import { mintRedeemed, redemptionTerms } from "./redemption.ts";
import type { GrantHandler } from "./token-request.ts";

/**
 * `grant_type=urn:ietf:params:oauth:grant-type:device_code` (RFC 8628 §3.4): the session service redeems the device code, we
 * mint what it gave.
 */
export function deviceCodeGrant(dependencies: OauthDependencies): GrantHandler {
  return async (request) => {
    const { client, parameters } = request;
    const { deviceCode } = parameters;
    if (deviceCode === "") throw new OAuthRefusal("invalid_request", "device_code is missing");
    const terms = await redemptionTerms(dependencies, request);
    const authTimeRequested = client.requireAuthTime || client.defaultMaxAge !== undefined;
    const { outcome } = await dependencies.peers
      .client(DeviceCodeService)
      .redeemDeviceCode({ deviceCode, ...terms, authTimeRequested }, forward(request.call));
    if (outcome.case !== "redeemed") {
      throw refusalOf(outcome.case === "refusal" ? outcome.value : DeviceCodeRefusal.UNSPECIFIED);
    }
    return mintRedeemed(dependencies, request, outcome.value, terms.resource);
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
      return resourceRefused();
    case DeviceCodeRefusal.SCOPE:
      return scopeRefused();
    case DeviceCodeRefusal.EXPIRED:
      return new OAuthRefusal("expired_token", "the device_code has expired");
    default:
      return new OAuthRefusal("invalid_grant", "the device_code is unknown, used or revoked");
  }
}
