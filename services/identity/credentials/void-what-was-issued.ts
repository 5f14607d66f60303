import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { forward, type Outbound } from "../../host/call.ts";
import { failure } from "../../host/failure.ts";
import type { IdentityDependencies } from "../dependencies.ts";

/** The least time that the voiding gets, in milliseconds, however late the call is. */
const leastTime = 5_000;

/** The commit after which everything that a user was issued is void. */
export interface VoidingChange {
  readonly userId: string;
  /** Version of the user's record after it. */
  readonly version: number;
}

/**
 * Voids every session, grant and token of a user, and answers the epoch that counts from now on. It follows a commit that
 * calls for it, so it goes on when the caller has gone or is late; for one commit it voids once, however often it is
 * repeated. Throws UNAVAILABLE when it could not be done: the caller must not take the change for finished (design: the one
 * revocation rule), and a repeat or `finishVoiding` does what is missing.
 */
export async function voidWhatWasIssued(
  { peers, clock }: Pick<IdentityDependencies, "peers" | "clock">,
  call: Pick<Outbound, "requestId" | "tenantId" | "actor" | "deadline">,
  { userId, version }: VoidingChange,
): Promise<bigint> {
  const { requestId, tenantId, actor } = call;
  const outbound = { requestId, tenantId, actor, deadline: Math.max(call.deadline, clock() + leastTime) };
  try {
    const change = { subject: { case: "userId", value: userId }, changedVersion: BigInt(version) } as const;
    return (await peers.client(RevocationService).bumpEpoch(change, forward(outbound))).epoch;
  } catch (cause) {
    const message = "the change is saved, but sessions and tokens could not be ended yet; repeat the call";
    throw failure(ErrorReason.UNAVAILABLE, message, { retryAfter: 1, cause });
  }
}
