import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { IssuedTokensSchema, type IssuedTokens } from "#gen/koder/oauth/v1/token_internal_pb.ts";
import type { Grant, RedeemedGrant } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import { signJwt } from "../../vault/sign-jwt.ts";
import { longestToken } from "../../vault/verify-jwt.ts";
import { isSigningAlg, type SigningKey } from "../../vault/signing-key.ts";
import { mappedClaims, mappersFor, readMemberships } from "../claims/mapped-claims.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import type { AccessTarget } from "../resource-servers/access-target.ts";
import { clientAccessToken, personAccessToken, type AccessTokenClaims } from "./access-token.ts";
import { idToken } from "./id-token.ts";
import type { TokenRequest } from "./token-request.ts";
import { furtherClaims } from "./further-claims.ts";

/** Whose tokens they are, and the key that the access token is bound to. */
type Whose = Pick<TokenRequest, "call" | "client" | "dpopJkt">;

type Needs = Pick<
  OauthDependencies,
  "store" | "peers" | "tenants" | "signingKeys" | "subjects" | "clock" | "lifetimes"
>;

/** The tokens of a grant that was redeemed or refreshed, for the scopes given: all of the grant's or fewer. */
export async function mintForGrant(
  needs: Needs,
  { call, client, dpopJkt }: Whose,
  { grant, refreshToken }: RedeemedGrant,
  { scopes, target: asked }: { readonly scopes: readonly string[]; readonly target: AccessTarget },
): Promise<IssuedTokens> {
  if (grant === undefined) throw new Error("the session service answered a redeemed grant without the grant");
  const [{ issuer, now, key }, sub, sid, further] = await Promise.all([
    preparation(needs, call, asked),
    needs.subjects.of(call, client, grant.userId),
    needs.subjects.ofSession(call, client, grant.sessionId),
    furtherClaims(needs, call, { client, grant, scopes, target: asked }),
  ]);
  const target = withinGrant(asked, grant, now);
  const issue = { issuer, tenantId: call.tenantId, target, now, dpopJkt, more: further.accessToken };
  const firstParty = client.firstParty !== false;
  const accessToken = await signAccessToken(key, personAccessToken(issue, grant, { sub, sid, firstParty }));
  // at_hash binds the id token to the access token, so that the two cannot be signed side by side.
  const signIdToken = async (): Promise<string> => {
    const alg = isSigningAlg(client.idTokenSignedResponseAlg) ? client.idTokenSignedResponseAlg : "RS256";
    const idTokenKey = alg === target.alg ? key : await needs.signingKeys.current(call, alg);
    const { idToken: more } = further;
    const lifetime = needs.lifetimes.idToken;
    const claims = idToken({ issuer, now, lifetime, sub, sid, alg, more }, grant, accessToken);
    return signJwt(idTokenKey, { typ: "JWT" }, claims);
  };
  return create(IssuedTokensSchema, {
    accessToken,
    tokenType: tokenType(dpopJkt),
    expiresIn: Math.floor(target.lifetime / 1000),
    refreshToken,
    idToken: scopes.includes("openid") ? await signIdToken() : "",
    scope: target.scopes.join(" "),
  });
}

/** The access token of a client that acts for itself. */
export async function mintForClient(
  needs: Needs,
  { call, client, dpopJkt }: Whose,
  target: AccessTarget,
): Promise<IssuedTokens> {
  const mappers = mappersFor([...client.claimMappers, ...target.mappers], "inAccessToken", target.scopes);
  const says = target.scopes.includes("roles");
  const [{ issuer, now, key }, { roles }] = await Promise.all([
    preparation(needs, call, target),
    says || readMemberships(mappers)
      ? needs.peers.client(CredentialService).getAuthority({ clientId: client.clientId }, forward(call))
      : { roles: [] },
  ]);
  const more = mappedClaims(mappers, { user: undefined, roles, groups: [] });
  const issue = { issuer, tenantId: call.tenantId, target, now, dpopJkt, more };
  return create(IssuedTokensSchema, {
    accessToken: await signAccessToken(key, clientAccessToken(issue, client, says ? roles : [])),
    tokenType: tokenType(dpopJkt),
    expiresIn: Math.floor(target.lifetime / 1000),
    scope: target.scopes.join(" "),
  });
}

/** Throws invalid_scope where the token would be longer than one that is taken anywhere. */
async function signAccessToken(key: SigningKey, claims: AccessTokenClaims): Promise<string> {
  const token = await signJwt(key, { typ: "at+jwt" }, claims);
  if (token.length <= longestToken) return token;
  const remedy = "ask for fewer scopes (such as groups or roles), or have fewer claim mappers";
  throw new OAuthRefusal(
    "invalid_scope",
    `the access token would be longer than ${longestToken} characters; ${remedy}`,
  );
}

/**
 * The same for no longer than the grant, with which its tokens end. In whole seconds that have begun: a grant without refresh tokens began
 * a moment before its token, and lives for as long.
 */
function withinGrant(target: AccessTarget, { expireTime }: Grant, now: number): AccessTarget {
  const left = expireTime ? Math.ceil((timestampMs(expireTime) - now) / 1000) * 1000 : Infinity;
  return left >= target.lifetime ? target : { ...target, lifetime: Math.max(left, 0) };
}

/** RFC 9449 §5. */
const tokenType = (dpopJkt: string): string => (dpopJkt === "" ? "Bearer" : "DPoP");

async function preparation({ tenants, signingKeys, clock }: Needs, call: Call, target: AccessTarget) {
  const [{ canonicalOrigin: issuer }, key] = await Promise.all([
    tenants.get(call),
    signingKeys.current(call, target.alg),
  ]);
  return { issuer, key, now: clock() };
}
