import type { Code } from "#gen/koder/session/store/v1/code_pb.ts";
import type { Grant } from "#gen/koder/session/store/v1/grant_pb.ts";
import type { Session } from "#gen/koder/session/store/v1/session_pb.ts";
import type { TenantStore } from "../../store/store.ts";
import { keptSession } from "../browser-sessions/kept-session.ts";
import { epochs } from "../collections.ts";
import { subjectKey } from "../revocation/epoch.ts";
import { revokedVersion } from "../revocation/revoked-consent.ts";

/**
 * Whether a grant still gives anything at `now` (ms): it has not ended, neither its user nor its client was voided since, the consent to it
 * was not taken back, and the session that it belongs to is there, unless it was given for offline use.
 */
export const isGrantAlive = async (data: TenantStore, grant: Grant, now: number): Promise<boolean> =>
  (await aliveGrant(data, grant, now)) !== undefined;

/** The same, with the session that a grant which is alive belongs to, unless it was given for offline use. */
export async function aliveGrant(
  data: TenantStore,
  grant: Grant,
  now: number,
): Promise<{ readonly session: Session | undefined } | undefined> {
  if (grant.endReason !== "") return undefined;
  const [epochsHold, kept] = await Promise.all([
    doEpochsHold(data, grant),
    grant.offline ? undefined : keptSession(data, grant.sessionId, now),
  ]);
  const isThere = grant.offline || kept !== undefined;
  return epochsHold && isThere ? { session: kept?.record } : undefined;
}

/** Whether neither the user nor the client was voided since the grant or code was given, nor the consent to it taken back. */
export async function doEpochsHold(
  data: TenantStore,
  given: Pick<Grant | Code, "userId" | "clientId" | "userEpoch" | "clientEpoch" | "consentVersion">,
): Promise<boolean> {
  const [ofUser, ofClient] = await data.getAll(epochs, [
    subjectKey({ user: given.userId }),
    subjectKey({ client: given.clientId }),
  ]);
  return (
    (ofUser?.record.epoch ?? 0n) === given.userEpoch &&
    (ofClient?.record.epoch ?? 0n) === given.clientEpoch &&
    revokedVersion(ofUser?.record, given.clientId) <= given.consentVersion
  );
}
