import { voidIssued, type VoidingCall } from "../../host/void-issued.ts";
import type { OauthDependencies } from "../dependencies.ts";

/**
 * Voids every code, grant and token of a client that is deleted or disabled, and answers the epoch that counts from now on.
 * `version` is that of its record. Where it could not be done it throws UNAVAILABLE, and a repeat or `finishVoiding` does what
 * is missing.
 */
export async function voidTokensOfClient(
  dependencies: Pick<OauthDependencies, "peers" | "clock">,
  call: VoidingCall,
  clientId: string,
  version: number,
): Promise<bigint> {
  return voidIssued(dependencies, call, {
    subject: { case: "clientId", value: clientId },
    version,
    unfinished: "the client is refused, but its tokens could not be ended yet; repeat the call",
  });
}
