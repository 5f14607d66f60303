import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Session, SessionSchema } from "#gen/koder/session/store/v1/session_pb.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { sessions } from "../collections.ts";
import { isIdle } from "./session-use.ts";

/**
 * Whether a session's time has come at `now` (ms). It ends then, whether or not anybody has noted its end yet: a record that is
 * still there so that its end can be told opens nothing.
 */
export const hasRunOut = ({ expireTime }: Pick<Session, "expireTime">, now: number): boolean =>
  expireTime !== undefined && now >= timestampMs(expireTime);

/** The session of an id while its time lasts, and it was not unused for too long. Every read by id that decides something goes this way. */
export async function keptSession(
  data: TenantStore,
  sessionId: string,
  now: number,
): Promise<Stored<typeof SessionSchema> | undefined> {
  const stored = await data.get(sessions, sessionId);
  if (stored === undefined || hasRunOut(stored.record, now)) return undefined;
  return (await isIdle(data, stored.record, now)) ? undefined : stored;
}
