import { create, type JsonObject } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import {
  IntrospectedTokenSchema,
  IntrospectTokenResponseSchema,
  type IntrospectedToken,
  type IntrospectTokenRequest,
  type IntrospectTokenResponse,
} from "#gen/koder/oauth/v1/token_internal_pb.ts";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { GrantService } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { callOf, forward, type Call } from "../../host/call.ts";
import type { JwtClaims } from "../../vault/verify-jwt.ts";
import { checkDuplicates } from "../check-duplicates.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { allowedScopes } from "../allowed-scopes.ts";
import { textClaim, type AccessTokens } from "./access-tokens.ts";
import { authenticateClient } from "../client-authentication/authenticate-client.ts";
import { clientNow } from "./client-now.ts";
import { checkTokenParameter, isRefreshToken } from "./token-parameter.ts";

/** What our own services read in a token, and nobody else needs. */
const ownClaims: ReadonlySet<string> = new Set(["gid", "epoch", "first_party"]);

const inactive = (): IntrospectedToken => create(IntrospectedTokenSchema, { active: false });

/**
 * The introspection endpoint (RFC 7662), for confidential clients only. A client may ask about its own tokens, and about
 * those of resource servers that let it (§4: who may ask is no more than who needs to). Whatever else a token is, the answer
 * is that it is not active, and nothing more (§2.2). A scope that was taken from the client since is not told of,
 * and a token for an API that was closed to the client since is not active.
 */
export function introspectToken(dependencies: OauthDependencies, accessTokens: AccessTokens) {
  const { accessTargets, clients, peers, tenants, resourceServers, subjects } = dependencies;

  async function mayAsk(call: Call, clientId: string, claims: JwtClaims): Promise<boolean> {
    if (claims["client_id"] === clientId) return true;
    const known = await resourceServers.of(call);
    const server = known.get(textClaim(claims, "aud"));
    return server?.introspectionClientIds.includes(clientId) ?? false;
  }

  async function accessToken(call: Call, { clientId }: Client, token: string): Promise<IntrospectedToken> {
    const claims = await accessTokens.read(call, token);
    if (claims === undefined || !(await mayAsk(call, clientId, claims))) return inactive();
    if (!(await accessTokens.check(call, claims)).active) return inactive();
    const owner = await clients.get(call, textClaim(claims, "client_id"));
    if (owner === undefined || !(await accessTargets.isOpenTo(call, owner, textClaim(claims, "aud"))))
      return inactive();
    const told = Object.entries(claims).filter(([name]) => !ownClaims.has(name));
    const scope = allowedScopes(owner, textClaim(claims, "scope").split(" ")).join(" ");
    return create(IntrospectedTokenSchema, {
      active: true,
      tokenType: "cnf" in claims ? "DPoP" : "Bearer",
      claims: { ...(Object.fromEntries(told) as JsonObject), scope },
    });
  }

  async function refreshToken(call: Call, client: Client, token: string): Promise<IntrospectedToken> {
    if (!client.grantTypes.includes("refresh_token")) return inactive();
    const asItIsNow = await clientNow(dependencies, call, client);
    const { grant, expireTime } = await peers
      .client(GrantService)
      .inspectRefreshToken({ refreshToken: token, ...asItIsNow }, forward(call));
    if (grant === undefined || grant.clientId !== client.clientId) return inactive();
    const [{ canonicalOrigin }, sub, sid] = await Promise.all([
      tenants.get(call),
      subjects.of(call, client, grant.userId),
      subjects.ofSession(call, client, grant.sessionId),
    ]);
    return create(IntrospectedTokenSchema, {
      active: true,
      claims: {
        iss: canonicalOrigin,
        sub,
        client_id: grant.clientId,
        scope: allowedScopes(client, grant.scopes).join(" "),
        sid,
        tenant_id: call.tenantId,
        ...(expireTime ? { exp: Math.floor(timestampMs(expireTime) / 1000) } : {}),
      },
    });
  }

  return async (parameters: IntrospectTokenRequest, context: HandlerContext): Promise<IntrospectTokenResponse> => {
    const call = callOf(context);
    try {
      checkDuplicates(parameters);
      const client = await authenticateClient(
        dependencies,
        call,
        parameters.clientAuthentications,
        "/oauth/v2/introspect",
      );
      // Without a secret anybody could fish for tokens under its name (RFC 7662 §2.1).
      if (client.tokenEndpointAuthMethod === "none") {
        throw new OAuthRefusal("invalid_client", "a public client cannot introspect");
      }
      const token = checkTokenParameter(parameters);
      const value = await (isRefreshToken(token) ? refreshToken : accessToken)(call, client, token);
      return create(IntrospectTokenResponseSchema, { outcome: { case: "token", value } });
    } catch (error) {
      if (!(error instanceof OAuthRefusal)) throw error;
      return create(IntrospectTokenResponseSchema, { outcome: { case: "error", value: error.toMessage() } });
    }
  };
}
