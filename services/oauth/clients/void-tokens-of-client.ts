import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { forward, type Outbound } from "../../host/call.ts";
import { failure } from "../../host/failure.ts";
import type { OauthDependencies } from "../dependencies.ts";

/** The least time that the voiding gets, in milliseconds, however late the call is. */
const leastTime = 5_000;

/**
 * Voids every code, grant and token of a deleted client; `version` is its tombstone's, for which it is done once. It follows
 * a commit, so it goes on when the caller has gone or is late. Throws UNAVAILABLE when it could not be done: the caller must
 * not take the client for deleted (design: the one revocation rule).
 */
export async function voidTokensOfClient(
  { peers, clock }: Pick<OauthDependencies, "peers" | "clock">,
  call: Pick<Outbound, "requestId" | "tenantId" | "actor" | "deadline">,
  clientId: string,
  version: number,
): Promise<void> {
  const { requestId, tenantId, actor } = call;
  const outbound = { requestId, tenantId, actor, deadline: Math.max(call.deadline, clock() + leastTime) };
  try {
    const change = { subject: { case: "clientId", value: clientId }, changedVersion: BigInt(version) } as const;
    await peers.client(RevocationService).bumpEpoch(change, forward(outbound));
  } catch (cause) {
    const message = "the client is gone, but its tokens could not be ended yet; repeat the call";
    throw failure(ErrorReason.UNAVAILABLE, message, { retryAfter: 1, cause });
  }
}
