import type { GuardedFetch } from "../../host/outbound/guarded-fetch.ts";
import { OutboundFailed } from "../../host/outbound/outbound-failed.ts";
import { refuseBusy } from "../../host/outbound/refuse-busy.ts";
import type { ForeignKey } from "../../vault/foreign-key.ts";
import { mostKeys, parseKeySet } from "./key-set.ts";

/** The keys at a client's `jwks_uri`, or why they are not there: a sentence for the client's developer. */
export type FetchedKeys = { readonly keys: readonly ForeignKey[] } | { readonly fault: string };

const largestKeySet = 65_536;
/** RFC 7517 §8.5, and what most servers call it. */
const contentTypes: ReadonlySet<string> = new Set(["application/jwk-set+json", "application/json"]);

/** Fetches a client's key set. Throws OVERLOADED where too much is under way to ask at all. */
export async function fetchKeySet(outbound: GuardedFetch, tenantId: string, jwksUri: string): Promise<FetchedKeys> {
  try {
    const accept = [...contentTypes].join(", ");
    const { status, contentType, body } = await outbound.get(jwksUri, { tenantId, accept, maxBytes: largestKeySet });
    if (status !== 200) return { fault: `the host answered with status ${status}` };
    if (!contentTypes.has(contentType)) return { fault: "its content type is not application/json" };
    const keys = parseKeySet(Buffer.from(body).toString("utf8"));
    return keys === undefined ? { fault: `it is no JSON Web Key Set of at most ${mostKeys} keys` } : { keys };
  } catch (error) {
    if (!(error instanceof OutboundFailed)) throw error;
    refuseBusy(error);
    return { fault: error.message };
  }
}
