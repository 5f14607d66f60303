import { create, type JsonObject } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetUserinfoResponseSchema,
  type GetUserinfoRequest,
  type GetUserinfoResponse,
} from "#gen/koder/oauth/v1/token_internal_pb.ts";
import { callOf, type Call } from "../../host/call.ts";
import { signJwt } from "../../vault/sign-jwt.ts";
import { isSigningAlg, type SigningAlg } from "../../vault/signing-key.ts";
import { readClaims } from "../authorize/claims-request.ts";
import { allowedScopes } from "../allowed-scopes.ts";
import { givenClaims } from "../claims/given-claims.ts";
import { claimsOfScopes } from "../claims/claims-of-scopes.ts";
import { claimsOfUser } from "../claims/user-claims.ts";
import { mappedClaims, mappersFor, readMemberships } from "../claims/mapped-claims.ts";
import { isMembershipClaim, membershipClaims, readPerson } from "../claims/person.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { oauthError, OAuthRefusal } from "../oauth-error.ts";
import { textClaim, type AccessTokens } from "./access-tokens.ts";
import { checkPresentation } from "./check-presentation.ts";

const invalid = () => new OAuthRefusal("invalid_token", "the access token is unknown, expired or revoked");

/**
 * The userinfo endpoint (OpenID Connect Core §5.3): the token's signature, then whether it is still good, its scope, and the
 * claims that its scopes and `claims` of the authorization request (§5.5) ask for, with those of the client's mappers; signed
 * where the client registered an algorithm (§5.3.2). No token at all is answered without an error code (RFC 6750 §3.1).
 */
export function getUserinfo(dependencies: OauthDependencies, accessTokens: AccessTokens) {
  const { clients, peers, dpop, accessTargets, tenants, signingKeys } = dependencies;

  async function claimsOf(call: Call, { accessToken, presentation }: GetUserinfoRequest) {
    const claims = await accessTokens.read(call, accessToken);
    if (claims === undefined || !(await accessTargets.isOfUserinfo(call, textClaim(claims, "aud")))) throw invalid();
    const { active, userId, claims: claimsRequested } = await accessTokens.check(call, claims);
    if (!active) throw invalid();
    await checkPresentation(dependencies, call, { accessToken, claims, presentation });
    const clientId = textClaim(claims, "client_id");
    const client = await clients.get(call, clientId);
    if (client === undefined) throw invalid();
    const scopes = new Set(allowedScopes(client, textClaim(claims, "scope").split(" ")));
    if (textClaim(claims, "gid") === "" || !scopes.has("openid")) {
      throw new OAuthRefusal("insufficient_scope", "the access token lacks the scope openid");
    }
    const mappers = mappersFor(client.claimMappers, "inUserinfo", scopes);
    const named = Object.keys(readClaims(claimsRequested).userinfo ?? {});
    const asked = [...claimsOfScopes(scopes), ...(await givenClaims(dependencies, call, { client, userId }, named))];
    const withMemberships = asked.some(isMembershipClaim) || readMemberships(mappers);
    const person = await readPerson(peers, call, { userId, clientId, withMemberships });
    if (person === undefined) throw invalid();
    const sub = textClaim(claims, "sub");
    const value = {
      ...mappedClaims(mappers, person),
      ...membershipClaims(person, asked),
      ...claimsOfUser(person.user, asked),
      sub,
    };
    const alg = client.userinfoSignedResponseAlg;
    return isSigningAlg(alg)
      ? { case: "jwt" as const, value: await signed(call, alg, { ...value, aud: clientId }) }
      : { case: "claims" as const, value: { claims: value } };
  }

  /** Of a type of its own (RFC 8725 §3.11), so that no id token can be made of it. */
  async function signed(call: Call, alg: SigningAlg, claims: JsonObject): Promise<string> {
    const [{ canonicalOrigin: iss }, key] = await Promise.all([tenants.get(call), signingKeys.current(call, alg)]);
    return signJwt(key, { typ: "userinfo+jwt" }, { ...claims, iss });
  }

  return async (request: GetUserinfoRequest, context: HandlerContext): Promise<GetUserinfoResponse> => {
    const call = callOf(context);
    const nonce = async () => (request.presentation?.dpopScheme === true ? dpop.nonce(call) : "");
    if (request.accessToken === "") {
      return create(GetUserinfoResponseSchema, { outcome: { case: "error", value: oauthError("", "") } });
    }
    try {
      const outcome = await claimsOf(call, request);
      return create(GetUserinfoResponseSchema, { outcome, dpopNonce: await nonce() });
    } catch (error) {
      if (!(error instanceof OAuthRefusal)) throw error;
      return create(GetUserinfoResponseSchema, {
        outcome: { case: "error", value: error.toMessage() },
        dpopNonce: await nonce(),
      });
    }
  };
}
