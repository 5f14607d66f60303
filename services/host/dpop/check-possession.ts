import type { Outbound } from "../call.ts";
import type { DpopVerifier } from "./dpop-verifier.ts";
import { DpopRefused } from "./dpop-refused.ts";

/** An access token as it came to a resource. */
export interface PresentedToken {
  readonly accessToken: string;
  /** The scheme by which it was sent, in lower case. */
  readonly scheme: string;
  /** The `DPoP` header; empty when there was none. */
  readonly proof: string;
  /** Method of the HTTP request, and its URL without query. */
  readonly method: string;
  readonly url: string;
}

/**
 * Whether who presents an access token may use it (RFC 9449 §7): a token that is bound to a key comes by the scheme DPoP with a
 * proof of that key, and one that is not comes as Bearer. False where scheme and token do not fit. Throws DpopRefused where
 * the proof is not good. `claims` were verified. A bearer token costs nothing here.
 */
export async function hasPossession(
  dpop: DpopVerifier,
  call: Outbound,
  claims: Readonly<Record<string, unknown>>,
  { accessToken, scheme, proof, method, url }: PresentedToken,
): Promise<boolean> {
  const jkt = boundKey(claims);
  if (scheme !== "dpop") return jkt === undefined;
  if (jkt === undefined) return false;
  if (proof === "") throw new DpopRefused("invalid_dpop_proof", "the DPoP proof is missing");
  const checked = await dpop.check(call, proof, { method, url, accessToken });
  if (checked.jkt !== jkt) {
    throw new DpopRefused("invalid_dpop_proof", "the DPoP proof is of another key than the access token");
  }
  await dpop.use(call, checked);
  return true;
}

/**
 * The thumbprint that a token is bound to (RFC 9449 §6.1); undefined for a bearer token. A confirmation that we do not know
 * binds to nobody.
 */
function boundKey({ cnf }: Readonly<Record<string, unknown>>): string | undefined {
  if (cnf === undefined) return undefined;
  const jkt = typeof cnf === "object" && cnf !== null && "jkt" in cnf ? cnf.jkt : undefined;
  return typeof jkt === "string" ? jkt : "";
}
