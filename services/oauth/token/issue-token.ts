import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  IssueTokenResponseSchema,
  type IssueTokenRequest,
  type IssueTokenResponse,
} from "#gen/koder/oauth/v1/token_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { checkDuplicates } from "../check-duplicates.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { deviceCodeGrantType } from "../device/device-code-grant-type.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { authenticateClient } from "../client-authentication/authenticate-client.ts";
import { authorizationCodeGrant } from "./authorization-code-grant.ts";
import { clientCredentialsGrant } from "./client-credentials-grant.ts";
import { checkDpopHeader, dpopKey } from "./dpop-key.ts";
import { deviceCodeGrant } from "./device-code-grant.ts";
import { refreshTokenGrant } from "./refresh-token-grant.ts";
import type { GrantHandler } from "./token-request.ts";

/**
 * The token endpoint (RFC 6749 §3.2): no parameter twice, a DPoP proof that is good where there is one, the client
 * authenticated, the grant known and the client registered for it, then the grant itself.
 */
export function issueToken(dependencies: OauthDependencies) {
  const grants: Readonly<Record<string, GrantHandler | undefined>> = Object.assign(Object.create(null), {
    authorization_code: authorizationCodeGrant(dependencies),
    refresh_token: refreshTokenGrant(dependencies),
    client_credentials: clientCredentialsGrant(dependencies),
    [deviceCodeGrantType]: deviceCodeGrant(dependencies),
  });
  return async (parameters: IssueTokenRequest, context: HandlerContext): Promise<IssueTokenResponse> => {
    const call = callOf(context);
    const nonce = async () => (parameters.dpopProof === "" ? "" : dependencies.dpop.nonce(call));
    try {
      checkDuplicates(parameters);
      const proof = await checkDpopHeader(dependencies, call, parameters.dpopProof, "/oauth/v2/token");
      const client = await authenticateClient(dependencies, call, parameters.clientAuthentications);
      if (parameters.grantType === "") throw new OAuthRefusal("invalid_request", "grant_type is missing");
      const grant = grants[parameters.grantType];
      if (grant === undefined) throw new OAuthRefusal("unsupported_grant_type", "grant_type is not supported");
      if (!client.grantTypes.includes(parameters.grantType)) {
        throw new OAuthRefusal("unauthorized_client", "the client is not registered for this grant_type");
      }
      const dpopJkt = await dpopKey(dependencies, call, client, proof);
      const tokens = await grant({ call, client, parameters, dpopJkt });
      return create(IssueTokenResponseSchema, { outcome: { case: "tokens", value: tokens }, dpopNonce: await nonce() });
    } catch (error) {
      if (!(error instanceof OAuthRefusal)) throw error;
      return create(IssueTokenResponseSchema, {
        outcome: { case: "error", value: error.toMessage() },
        dpopNonce: await nonce(),
      });
    }
  };
}
