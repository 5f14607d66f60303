import { voidIssued, type VoidingCall } from "../../host/void-issued.ts";
import type { OauthDependencies } from "../dependencies.ts";

/**
 * Voids every code, grant and token of a deleted client; `version` is its tombstone's. Where it could not be done it throws
 * UNAVAILABLE, and a repeat or `finishDeletion` does what is missing.
 */
export async function voidTokensOfClient(
  dependencies: Pick<OauthDependencies, "peers" | "clock">,
  call: VoidingCall,
  clientId: string,
  version: number,
): Promise<void> {
  await voidIssued(dependencies, call, {
    subject: { case: "clientId", value: clientId },
    version,
    unfinished: "the client is gone, but its tokens could not be ended yet; repeat the call",
  });
}
