import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { GrantRefusal, GrantService } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { mintForGrant } from "./mint.ts";
import { grantRefused } from "./grant-refused.ts";
import type { GrantHandler } from "./token-request.ts";

/**
 * `grant_type=authorization_code` (RFC 6749 §4.1.3): the session service redeems the code, we mint what it gave.
 *
 * The client is read anew: a replica that has not heard yet that it was deleted may have had a code issued after its epoch
 * was counted up, and the grant would be alive. A client that is there now has an epoch yet to be counted up.
 */
export function authorizationCodeGrant(dependencies: OauthDependencies): GrantHandler {
  return async ({ call, client, parameters }) => {
    if (parameters.code === "") throw new OAuthRefusal("invalid_request", "code is missing");
    if (parameters.redirectUri === "") throw new OAuthRefusal("invalid_request", "redirect_uri is missing");
    if ((await dependencies.clients.current(call, client.clientId)) === undefined) {
      throw new OAuthRefusal("invalid_client", "client authentication failed");
    }
    const { outcome } = await dependencies.peers.client(GrantService).redeemCode(
      {
        code: parameters.code,
        clientId: client.clientId,
        redirectUri: parameters.redirectUri,
        codeVerifier: parameters.codeVerifier,
        refreshTokenAllowed: client.grantTypes.includes("refresh_token"),
        accessTokenLifetime: durationFromMs(dependencies.lifetimes.accessToken),
      },
      forward(call),
    );
    if (outcome.case !== "redeemed") {
      throw grantRefused("code", outcome.case === "refusal" ? outcome.value : GrantRefusal.UNSPECIFIED);
    }
    return mintForGrant(dependencies, call, outcome.value, outcome.value.grant?.scopes ?? []);
  };
}
