import type { Session, SessionSchema } from "#gen/koder/session/store/v1/session_pb.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { epochOf } from "../revocation/epoch.ts";
import { hasRunOut } from "./kept-session.ts";
import { isIdle } from "./session-use.ts";

/**
 * The session of a record that was read, unless its time has come at `now` (ms), it was unused for too long, or its user was voided
 * since it began. `userEpoch` is the user's, where it was read after the record.
 */
export async function liveSession(
  data: TenantStore,
  stored: Stored<typeof SessionSchema> | undefined,
  now: number,
  userEpoch?: bigint,
): Promise<Session | undefined> {
  if (stored === undefined || hasRunOut(stored.record, now)) return undefined;
  const { record } = stored;
  const [epoch, isUnused] = await Promise.all([
    userEpoch ?? epochOf(data, { user: record.userId }),
    isIdle(data, record, now),
  ]);
  return epoch === record.userEpoch && !isUnused ? record : undefined;
}
