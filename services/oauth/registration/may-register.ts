import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { InitialAccessToken } from "#gen/koder/oauth/store/v1/initial_access_token_pb.ts";
import type { Call } from "../../host/call.ts";
import { findBySecret } from "../../vault/find-by-secret.ts";
import { initialAccessTokens } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { initialAccessTokenUse } from "./initial-access-token.ts";

type Needs = Pick<OauthDependencies, "store" | "vault" | "oauthPolicies">;

/**
 * Whoever has an initial access token may register a client, others where the tenant is open (RFC 7591 §3). A token that is
 * sent must be good, also where none is needed. Answers the token; throws OAuthRefusal.
 */
export async function checkMayRegister(
  { store, vault, oauthPolicies }: Needs,
  call: Call,
  bearerToken: string,
): Promise<InitialAccessToken | undefined> {
  if (bearerToken === "") {
    if ((await oauthPolicies.get(call)).registration.open) return undefined;
    throw new OAuthRefusal("invalid_token", "registration needs an initial access token");
  }
  const tenantVault = await vault.tenant(call.tenantId);
  const data = store.tenant(call.tenantId);
  const stored = await findBySecret(tenantVault, initialAccessTokenUse, bearerToken, (hash) =>
    data.find(initialAccessTokens, "token_hash", hash),
  );
  if (stored !== undefined) return stored.record;
  throw new OAuthRefusal("invalid_token", "the initial access token is unknown, expired or deleted");
}

/** Counts a use before it is made, so that uses at once are counted as well. Throws OAuthRefusal when there were enough. */
export async function countUse({ store }: Needs, call: Call, token: InitialAccessToken | undefined): Promise<void> {
  if (token === undefined || token.maxUses === 0) return;
  const expires = token.expireTime ? timestampMs(token.expireTime) : 0;
  const uses = await store.tenant(call.tenantId).add(`initial-access-token/${token.id}`, 1, expires);
  if (uses > token.maxUses) throw new OAuthRefusal("invalid_token", "the initial access token was used up");
}
