import { GrantRefusal, GrantService } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { allowedScopes } from "../allowed-scopes.ts";
import { parseScope } from "../scopes.ts";
import { clientNow } from "./client-now.ts";
import { grantRefused } from "./grant-refused.ts";
import { mintForGrant } from "./mint.ts";
import { isRefreshTokenBound } from "./redemption.ts";
import { refreshPolicyOf } from "./refresh-policy.ts";
import type { GrantHandler } from "./token-request.ts";

/**
 * `grant_type=refresh_token` (RFC 6749 §6): narrower scopes may be asked for, never wider ones, and a token for another of
 * the resources that were granted (RFC 8707 §2.2). What was taken from the client since the grant is not in its tokens.
 */
export function refreshTokenGrant(dependencies: OauthDependencies): GrantHandler {
  const { accessTargets, peers, tenants } = dependencies;
  return async ({ call, client, parameters, dpopJkt }) => {
    if (parameters.refreshToken === "") throw new OAuthRefusal("invalid_request", "refresh_token is missing");
    const asked = parseScope(parameters.scope);
    if (asked === undefined) throw new OAuthRefusal("invalid_scope", "scope must be scope tokens separated by spaces");
    const resource = await accessTargets.checkOneResource(call, client, parameters.resources);
    const [{ canonicalOrigin: issuer }, asItIsNow] = await Promise.all([
      tenants.get(call),
      clientNow(dependencies, call, client),
    ]);
    const { outcome } = await peers.client(GrantService).refreshGrant(
      {
        refreshToken: parameters.refreshToken,
        clientId: client.clientId,
        scopes: [...asked],
        resource,
        issuer,
        dpopJkt,
        bindRefreshToken: isRefreshTokenBound(client, dpopJkt),
        refreshPolicy: refreshPolicyOf(client),
        ...asItIsNow,
      },
      forward(call),
    );
    switch (outcome.case) {
      case "refreshed": {
        const { grant } = outcome.value;
        const scopes = allowedScopes(client, asked.length > 0 ? asked : (grant?.scopes ?? []));
        const resources = resource === "" ? (grant?.resources ?? []) : [resource];
        const target = await accessTargets.targetOf(call, client, resources, scopes);
        return mintForGrant(dependencies, { call, client, dpopJkt }, outcome.value, { scopes, target });
      }
      case "scopeNotGranted":
        throw new OAuthRefusal("invalid_scope", "scope asks for more than was granted");
      case "refusal":
        throw grantRefused("refresh_token", outcome.value);
      case undefined:
        throw grantRefused("refresh_token", GrantRefusal.UNSPECIFIED);
    }
  };
}
