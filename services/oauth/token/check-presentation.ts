import type { TokenPresentation } from "#gen/koder/oauth/v1/token_internal_pb.ts";
import type { Call } from "../../host/call.ts";
import { hasPossession } from "../../host/dpop/check-possession.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { inOAuthWords } from "./dpop-key.ts";

/**
 * Checks that an access token, whose claims were verified, came in the way that it must (RFC 9449 §7): a bound one by the scheme
 * DPoP with a proof of its key, another one as Bearer. Throws an OAuthRefusal.
 */
export async function checkPresentation(
  { dpop, tenants }: Pick<OauthDependencies, "dpop" | "tenants">,
  call: Call,
  {
    accessToken,
    claims,
    presentation,
  }: {
    readonly accessToken: string;
    readonly claims: Readonly<Record<string, unknown>>;
    readonly presentation: TokenPresentation | undefined;
  },
): Promise<void> {
  const { canonicalOrigin } = await tenants.get(call);
  const { dpopScheme = false, dpopProof: proof = "", method = "", path = "" } = presentation ?? {};
  const presented = {
    accessToken,
    scheme: dpopScheme ? "dpop" : "bearer",
    proof,
    method,
    url: `${canonicalOrigin}${path}`,
  };
  if (await inOAuthWords(() => hasPossession(dpop, call, claims, presented))) return;
  throw new OAuthRefusal(
    "invalid_token",
    dpopScheme
      ? "the access token is bound to no key: send it as Bearer"
      : "the access token is bound to a key: send it as DPoP",
  );
}
