import type { Code } from "#gen/koder/session/store/v1/code_pb.ts";
import type { Grant } from "#gen/koder/session/store/v1/grant_pb.ts";
import type { TenantStore } from "../../store/store.ts";
import { sessions } from "../collections.ts";
import { epochOf } from "../revocation/epoch.ts";

/**
 * Whether a grant still gives anything: it has not ended, neither its user nor its client was voided since, and the
 * session that it belongs to is there, unless it was given for offline use.
 */
export async function isGrantAlive(data: TenantStore, grant: Grant): Promise<boolean> {
  if (grant.endReason !== "") return false;
  const [epochsHold, session] = await Promise.all([
    doEpochsHold(data, grant),
    grant.offline ? true : data.get(sessions, grant.sessionId),
  ]);
  return epochsHold && session !== undefined;
}

/** Whether neither the user nor the client was voided since the grant or code was given. */
export async function doEpochsHold(
  data: TenantStore,
  given: Pick<Grant | Code, "userId" | "clientId" | "userEpoch" | "clientEpoch">,
): Promise<boolean> {
  const [userEpoch, clientEpoch] = await Promise.all([
    epochOf(data, { user: given.userId }),
    epochOf(data, { client: given.clientId }),
  ]);
  return userEpoch === given.userEpoch && clientEpoch === given.clientEpoch;
}
