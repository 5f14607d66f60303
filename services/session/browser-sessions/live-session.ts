import type { Session, SessionSchema } from "#gen/koder/session/store/v1/session_pb.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { epochOf } from "../revocation/epoch.ts";

/** The session of a record that was read, unless its user was voided since it began. */
export async function liveSession(
  data: TenantStore,
  stored: Stored<typeof SessionSchema> | undefined,
): Promise<Session | undefined> {
  if (stored === undefined) return undefined;
  const epoch = await epochOf(data, { user: stored.record.userId });
  return epoch === stored.record.userEpoch ? stored.record : undefined;
}
