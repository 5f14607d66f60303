import { create } from "@bufbuild/protobuf";
import { durationMs, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { SessionUseSchema, type Session, type SessionUse } from "#gen/koder/session/store/v1/session_pb.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { Stored, TenantStore, Write } from "../../store/store.ts";
import { insert, remove, replace } from "../../store/writes.ts";
import { keptToBeTold, sessionUses } from "../collections.ts";
import { placeOf } from "./place.ts";

/** The longest time between two uses that are noted, in milliseconds. */
const longestStep = 5 * 60_000;
/** Sessions of which this process knows that their use was noted. */
const mostRecent = 20_000;

const idleOf = ({ idleLifetime }: Pick<Session, "idleLifetime">): number | undefined =>
  idleLifetime === undefined ? undefined : durationMs(idleLifetime);

/** When the person of a session last signed in, in milliseconds: its last use until another is noted. */
const signedIn = ({ authTime, createTime }: Pick<Session, "authTime" | "createTime">): number =>
  Math.max(authTime ? timestampMs(authTime) : 0, createTime ? timestampMs(createTime) : 0);

/** When a session was last used, as far as that was noted (ms). */
export const lastUse = (session: Session, use: SessionUse | undefined): number =>
  Math.max(signedIn(session), use?.lastUseTime ? timestampMs(use.lastUseTime) : 0);

/** When a session ends unless it is used before (ms); undefined where it does not end by that. */
export function idleEnd(session: Session, use: SessionUse | undefined): number | undefined {
  const idle = idleOf(session);
  return idle === undefined ? undefined : lastUse(session, use) + idle;
}

/** Whether a session was unused for too long at `now` (ms). Nothing is read before its sign-in is as long ago as that. */
export async function isIdle(data: TenantStore, session: Session, now: number): Promise<boolean> {
  const idle = idleOf(session);
  if (idle === undefined || now < signedIn(session) + idle) return false;
  const use = await data.get(sessionUses, session.id);
  return now >= (idleEnd(session, use?.record) ?? Infinity);
}

/** What a process remembers of uses that were noted: when, by the session. It decides nothing but whether to look again. */
export interface RecentUses {
  readonly noted: Map<string, number>;
}

export const createRecentUses = (): RecentUses => ({ noted: new Map() });

/**
 * Notes that a session is used, coarsely: no more often than every five minutes, or a tenth of the time that it may go unused, and
 * not within that after its sign-in. So most uses read and write nothing, and a session never goes on for longer than its
 * policy says. `network` is where its browser is; empty where a client speaks for it.
 */
export async function noteUse(
  data: TenantStore,
  { noted }: RecentUses,
  session: Session,
  now: number,
  network: string,
): Promise<void> {
  const step = Math.min(longestStep, (idleOf(session) ?? Infinity) / 10);
  const known = Math.max(signedIn(session), noted.get(session.id) ?? 0);
  if (now - known < step) return;
  const stored = await data.get(sessionUses, session.id);
  const last = lastUse(session, stored?.record);
  const isDue = now - last >= step;
  // Where another request notes it at this moment, or ends the session, that is enough.
  if (isDue) await commitUnlessChanged(data, [useWrite(session, stored, now, network)]);
  if (noted.size >= mostRecent) noted.clear();
  noted.set(session.id, isDue ? now : last);
}

/**
 * The use of a session that begins or is renewed now, for the commit that does so; none where it may go unused. Of a new one there is
 * nothing to read.
 */
export async function useAtSignIn(
  data: TenantStore,
  session: Session,
  now: number,
  isNew: boolean,
): Promise<readonly Write[]> {
  const stored = isNew ? undefined : await data.get(sessionUses, session.id);
  if (stored === undefined && session.idleLifetime === undefined) return [];
  return [useWrite(session, stored, now, placeOf(session.remoteAddress))];
}

/** Forgets the use of a session, for the commit that ends it. */
export async function forgetUse(data: TenantStore, sessionId: string): Promise<readonly Write[]> {
  const stored = await data.get(sessionUses, sessionId);
  return stored === undefined ? [] : [remove(sessionUses, stored)];
}

function useWrite(
  session: Session,
  stored: Stored<typeof SessionUseSchema> | undefined,
  now: number,
  network: string,
): Write {
  const idle = idleOf(session);
  const record = create(SessionUseSchema, {
    sessionId: session.id,
    lastUseTime: timestampFromMs(now),
    network: network || (stored?.record.network ?? ""),
    ...(idle === undefined ? {} : { idleEndTime: timestampFromMs(now + idle) }),
    ...(session.expireTime ? { expireTime: timestampFromMs(timestampMs(session.expireTime) + keptToBeTold) } : {}),
  });
  return stored === undefined ? insert(sessionUses, record) : replace(sessionUses, record, stored.version);
}
