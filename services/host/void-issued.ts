import type { MessageInitShape } from "@bufbuild/protobuf";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { RevocationService, type BumpEpochRequestSchema } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { forward, type Outbound } from "./call.ts";
import { failure } from "./failure.ts";
import type { Peers } from "./peers.ts";

/** The least time that the voiding gets, in milliseconds, however late the call is. */
const leastTime = 5_000;

/** A call, or work of a service's own, as far as voiding needs to know it. */
export type VoidingCall = Pick<Outbound, "requestId" | "tenantId" | "actor" | "deadline">;

/** The commit after which everything that a user or client was issued is void. */
export interface VoidingChange {
  readonly subject: NonNullable<MessageInitShape<typeof BumpEpochRequestSchema>["subject"]>;
  /** Version of the subject's record after it. */
  readonly version: number;
  /** What is said when it is committed and the voiding could not be done: what is true by then, and what to do. */
  readonly unfinished: string;
}

/**
 * Voids every code, session, grant and token of a user or client, and answers the epoch that counts from now on. It follows a
 * commit that calls for it, so it goes on when the caller has gone or is late; for one commit it voids once, however often it
 * is repeated. Throws UNAVAILABLE when it could not be done: the caller must not take the change for finished
 * (docs/architecture.md, one rule).
 */
export async function voidIssued(
  { peers, clock }: { readonly peers: Peers; readonly clock: () => number },
  { requestId, tenantId, actor, deadline }: VoidingCall,
  { subject, version, unfinished }: VoidingChange,
): Promise<bigint> {
  const outbound = { requestId, tenantId, actor, deadline: Math.max(deadline, clock() + leastTime) };
  try {
    const change = { subject, changedVersion: BigInt(version) };
    return (await peers.client(RevocationService).bumpEpoch(change, forward(outbound))).epoch;
  } catch (cause) {
    throw failure(ErrorReason.UNAVAILABLE, unfinished, { retryAfter: 1, cause });
  }
}
