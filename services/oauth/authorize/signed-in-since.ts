import { create } from "@bufbuild/protobuf";
import { timestampMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import {
  SessionsBeforeSchema,
  type Authorization,
  type SessionsBefore,
} from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import type { Session } from "#gen/koder/session/v1/session_pb.ts";
import type { BrowserSession } from "./browser-sessions.ts";

/** What is noted of the sessions that a browser has when a request comes. */
export const sessionsBefore = (sessions: readonly Pick<BrowserSession, "session">[]): SessionsBefore =>
  create(SessionsBeforeSchema, {
    sessions: sessions.map(({ session: { id, authTime } }) => ({ sessionId: id, ...(authTime ? { authTime } : {}) })),
  });

/** By how much the clocks of two servers may differ, in milliseconds. */
const clockDifference = 5_000;

/**
 * Whether the person of a session has signed in since the request came: the browser did not bring this sign-in then, and it is no older,
 * or by no more than the clocks of two servers differ. Each alone would not do: by the times people who are quicker than that
 * would be asked to sign in again and again, and a browser can keep back what it has. Of a request of which it was not noted
 * what the browser brought, the times decide.
 */
export function isSignedInSince(
  { createTime, sessionsBefore: before }: Pick<Authorization, "createTime" | "sessionsBefore">,
  { id, authTime }: Pick<Session, "id" | "authTime">,
): boolean {
  if (authTime === undefined || createTime === undefined) return false;
  const age = timestampMs(createTime) - timestampMs(authTime);
  if (before === undefined) return age <= 0;
  return (
    age <= clockDifference && !before.sessions.some((one) => one.sessionId === id && isSame(one.authTime, authTime))
  );
}

const isSame = (one: Timestamp | undefined, other: Timestamp): boolean =>
  one !== undefined && one.seconds === other.seconds && one.nanos === other.nanos;
