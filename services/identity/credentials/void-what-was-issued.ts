import { voidIssued, type VoidingCall } from "../../host/void-issued.ts";
import type { IdentityDependencies } from "../dependencies.ts";

/** The commit after which everything that a user was issued is void. */
export interface VoidingChange {
  readonly userId: string;
  /** Version of the user's record after it. */
  readonly version: number;
}

/**
 * Voids every session, grant and token of a user, and answers the epoch that counts from now on. Where it could not be done
 * it throws UNAVAILABLE, and a repeat or `finishVoiding` does what is missing.
 */
export function voidWhatWasIssued(
  dependencies: Pick<IdentityDependencies, "peers" | "clock">,
  call: VoidingCall,
  { userId, version }: VoidingChange,
): Promise<bigint> {
  return voidIssued(dependencies, call, {
    subject: { case: "userId", value: userId },
    version,
    unfinished: "the change is saved, but sessions and tokens could not be ended yet; repeat the call",
  });
}
