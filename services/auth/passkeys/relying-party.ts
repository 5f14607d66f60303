import type { Call } from "../../host/call.ts";
import type { Tenants } from "../../host/tenants.ts";

/** Whom passkeys are for, and where they may be asked for. */
export interface RelyingParty {
  /** A host: passkeys made for it work nowhere else. */
  readonly id: string;
  /** What people are shown. */
  readonly name: string;
  /** Origins of the pages that may ask. */
  readonly origins: readonly string[];
}

/** The relying party that a tenant is, by its canonical origin (design §4). */
export async function relyingPartyOf(tenants: Tenants, call: Call): Promise<RelyingParty> {
  const { canonicalOrigin, displayName } = await tenants.get(call);
  return {
    id: new URL(canonicalOrigin).hostname,
    name: displayName.trim() || "Koder ID",
    origins: [canonicalOrigin],
  };
}
