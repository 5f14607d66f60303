import { create } from "@bufbuild/protobuf";
import { IssuedTokensSchema, type IssuedTokens } from "#gen/koder/oauth/v1/token_internal_pb.ts";
import type { RedeemedGrant } from "#gen/koder/session/v1/grant_internal_pb.ts";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { Call } from "../../host/call.ts";
import { signJwt } from "../../vault/sign-jwt.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { clientAccessToken, personAccessToken } from "./access-token.ts";
import { idToken } from "./id-token.ts";

type Needs = Pick<OauthDependencies, "tenants" | "signingKeys" | "clock" | "lifetimes">;

/** The tokens of a grant that was redeemed or refreshed, for the scopes given: all of the grant's or fewer. */
export async function mintForGrant(
  needs: Needs,
  call: Call,
  { grant, refreshToken }: RedeemedGrant,
  scopes: readonly string[],
): Promise<IssuedTokens> {
  if (grant === undefined) throw new Error("the session service answered a redeemed grant without the grant");
  const { issue, key } = await preparation(needs, call, scopes);
  const accessToken = await signJwt(key, { typ: "at+jwt" }, personAccessToken(issue, grant));
  return create(IssuedTokensSchema, {
    accessToken,
    tokenType: "Bearer",
    expiresIn: Math.floor(issue.lifetime / 1000),
    refreshToken,
    // at_hash binds the id token to the access token, so that the two cannot be signed side by side.
    idToken: scopes.includes("openid")
      ? await signJwt(
          key,
          { typ: "JWT" },
          idToken({ issuer: issue.issuer, now: issue.now, lifetime: needs.lifetimes.idToken }, grant, accessToken),
        )
      : "",
    scope: scopes.join(" "),
  });
}

/** The access token of a client that acts for itself. */
export async function mintForClient(
  needs: Needs,
  call: Call,
  client: Client,
  scopes: readonly string[],
): Promise<IssuedTokens> {
  const { issue, key } = await preparation(needs, call, scopes);
  return create(IssuedTokensSchema, {
    accessToken: await signJwt(key, { typ: "at+jwt" }, clientAccessToken(issue, client)),
    tokenType: "Bearer",
    expiresIn: Math.floor(issue.lifetime / 1000),
    scope: scopes.join(" "),
  });
}

async function preparation({ tenants, signingKeys, clock, lifetimes }: Needs, call: Call, scopes: readonly string[]) {
  const [tenant, key] = await Promise.all([tenants.get(call), signingKeys.current(call, "RS256")]);
  const issue = {
    issuer: tenant.canonicalOrigin,
    tenantId: call.tenantId,
    scopes,
    now: clock(),
    lifetime: lifetimes.accessToken,
  };
  return { issue, key };
}
