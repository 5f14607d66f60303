import { GrantRefusal, GrantService } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { parseScope } from "../scopes.ts";
import { grantRefused } from "./grant-refused.ts";
import { mintForGrant } from "./mint.ts";
import type { GrantHandler } from "./token-request.ts";

/** `grant_type=refresh_token` (RFC 6749 §6): narrower scopes may be asked for, never wider ones. */
export function refreshTokenGrant(dependencies: OauthDependencies): GrantHandler {
  return async ({ call, client, parameters }) => {
    if (parameters.refreshToken === "") throw new OAuthRefusal("invalid_request", "refresh_token is missing");
    const scopes = parseScope(parameters.scope);
    if (scopes === undefined) throw new OAuthRefusal("invalid_scope", "scope must be scope tokens separated by spaces");
    const { outcome } = await dependencies.peers
      .client(GrantService)
      .refreshGrant(
        { refreshToken: parameters.refreshToken, clientId: client.clientId, scopes: [...scopes] },
        forward(call),
      );
    switch (outcome.case) {
      case "refreshed":
        return mintForGrant(
          dependencies,
          call,
          outcome.value,
          scopes.length > 0 ? scopes : (outcome.value.grant?.scopes ?? []),
        );
      case "scopeNotGranted":
        throw new OAuthRefusal("invalid_scope", "scope asks for more than was granted");
      case "refusal":
        throw grantRefused("refresh_token", outcome.value);
      case undefined:
        throw grantRefused("refresh_token", GrantRefusal.UNSPECIFIED);
    }
  };
}
