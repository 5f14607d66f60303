import type { Session, SessionSchema } from "#gen/koder/session/store/v1/session_pb.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { epochOf } from "../revocation/epoch.ts";
import { hasRunOut } from "./kept-session.ts";

/** The session of a record that was read, unless its time has come at `now` (ms) or its user was voided since it began. */
export async function liveSession(
  data: TenantStore,
  stored: Stored<typeof SessionSchema> | undefined,
  now: number,
): Promise<Session | undefined> {
  if (stored === undefined || hasRunOut(stored.record, now)) return undefined;
  const epoch = await epochOf(data, { user: stored.record.userId });
  return epoch === stored.record.userEpoch ? stored.record : undefined;
}
