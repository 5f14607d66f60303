import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { Call } from "../../host/call.ts";
import type { CheckedDpopProof } from "../../host/dpop/dpop-verifier.ts";
import { DpopRefused } from "../../host/dpop/dpop-refused.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";

type Needs = Pick<OauthDependencies, "dpop" | "tenants">;

/**
 * Checks the DPoP proof of a request to an endpoint of ours (RFC 9449 §5, §10.1), given by its path. Undefined when none was
 * sent. Writes nothing: whoever is not authenticated uses nothing up. Throws an OAuthRefusal.
 */
export async function checkDpopHeader(
  { dpop, tenants }: Needs,
  call: Call,
  proof: string,
  path: string,
): Promise<CheckedDpopProof | undefined> {
  if (proof === "") return undefined;
  const { canonicalOrigin } = await tenants.get(call);
  return inOAuthWords(() => dpop.check(call, proof, { method: "POST", url: `${canonicalOrigin}${path}` }));
}

/**
 * The thumbprint of the key that tokens are to be bound to, and its proof used up; empty when there is none, which a client
 * may have ruled out for itself (RFC 9449 §5.2).
 */
export async function dpopKey(
  { dpop }: Pick<Needs, "dpop">,
  call: Call,
  client: Client,
  proof: CheckedDpopProof | undefined,
): Promise<string> {
  if (proof === undefined) {
    if (client.dpopBoundAccessTokens) {
      throw new OAuthRefusal("invalid_dpop_proof", "the client registered for bound tokens and sent no DPoP proof");
    }
    return "";
  }
  await inOAuthWords(() => dpop.use(call, proof));
  return proof.jkt;
}

/** Runs a check whose refusal is the answer to the client. */
export async function inOAuthWords<Result>(check: () => Promise<Result>): Promise<Result> {
  try {
    return await check();
  } catch (error) {
    throw error instanceof DpopRefused ? new OAuthRefusal(error.fault, error.message) : error;
  }
}
