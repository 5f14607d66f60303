import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import {
  RevokeTokenResponseSchema,
  type RevokeTokenRequest,
  type RevokeTokenResponse,
} from "#gen/koder/oauth/v1/token_internal_pb.ts";
import { GrantRefusal, GrantService } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { callOf, forward, type Call } from "../../host/call.ts";
import { checkDuplicates } from "../check-duplicates.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { textClaim, type AccessTokens } from "./access-tokens.ts";
import { authenticateClient } from "../client-authentication/authenticate-client.ts";
import { checkTokenParameter, isRefreshToken } from "./token-parameter.ts";

const othersToken = () => new OAuthRefusal("invalid_grant", "the token was issued to another client");

/**
 * The revocation endpoint (RFC 7009). A refresh token, or an access token that a person's grant gave, ends that grant with
 * everything that came of it (§2.1: all of a grant may go with one of its tokens); a client's own access token ends alone.
 * A token that is not known, or good no longer, is answered as one that was revoked (§2.2); another client's is refused.
 */
export function revokeToken(dependencies: OauthDependencies, accessTokens: AccessTokens) {
  const { peers } = dependencies;

  async function endGrant(
    call: Call,
    clientId: string,
    grant: { case: "refreshToken" | "grantId"; value: string },
  ): Promise<void> {
    const { outcome } = await peers.client(GrantService).revokeGrant({ grant, clientId }, forward(call));
    if (outcome.case === "refusal" && outcome.value === GrantRefusal.OTHER_CLIENT) throw othersToken();
  }

  async function endAccessToken(call: Call, clientId: string, token: string): Promise<void> {
    const claims = await accessTokens.read(call, token);
    if (claims === undefined) return;
    if (claims["client_id"] !== clientId) throw othersToken();
    const grantId = textClaim(claims, "gid");
    if (grantId !== "") return endGrant(call, clientId, { case: "grantId", value: grantId });
    const expireTime = timestampFromMs(claims.exp * 1000);
    await peers
      .client(RevocationService)
      .revokeAccessToken({ jti: textClaim(claims, "jti"), clientId, expireTime }, forward(call));
  }

  return async (parameters: RevokeTokenRequest, context: HandlerContext): Promise<RevokeTokenResponse> => {
    const call = callOf(context);
    try {
      checkDuplicates(parameters);
      const { clientId } = await authenticateClient(
        dependencies,
        call,
        parameters.clientAuthentications,
        "/oauth/v2/revoke",
      );
      const token = checkTokenParameter(parameters);
      if (isRefreshToken(token)) await endGrant(call, clientId, { case: "refreshToken", value: token });
      else await endAccessToken(call, clientId, token);
      return create(RevokeTokenResponseSchema, { outcome: { case: "revoked", value: {} } });
    } catch (error) {
      if (!(error instanceof OAuthRefusal)) throw error;
      return create(RevokeTokenResponseSchema, { outcome: { case: "error", value: error.toMessage() } });
    }
  };
}
