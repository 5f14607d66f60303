import { voidIssued, type VoidingCall } from "../../host/void-issued.ts";
import type { OauthDependencies } from "../dependencies.ts";

/**
 * Voids every code, grant and token that a person gave a client until they took their consent back; `version` is the
 * consent's after that. Where it could not be done it throws UNAVAILABLE, and a repeat or `finishRevocation` does what is
 * missing.
 */
export async function voidWhatConsentGave(
  dependencies: Pick<OauthDependencies, "peers" | "clock">,
  call: VoidingCall,
  { userId, clientId, version }: { readonly userId: string; readonly clientId: string; readonly version: number },
): Promise<void> {
  await voidIssued(dependencies, call, {
    subject: { case: "consent", value: { userId, clientId } },
    version,
    unfinished: "the consent is taken back, but what it gave could not be ended yet; repeat the call",
  });
}
