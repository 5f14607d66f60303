import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Session as StoredSession, SessionUse } from "#gen/koder/session/store/v1/session_pb.ts";
import { SessionSchema, type Session } from "#gen/koder/session/v1/session_pb.ts";
import { placeOf } from "./place.ts";
import { idleEnd, lastUse } from "./session-use.ts";

/** A session as others see it: everything but its token's hash and its epoch; with its last use, where that was read. */
export function sessionMessage(stored: StoredSession, use?: SessionUse): Session {
  const end = idleEnd(stored, use);
  return create(SessionSchema, {
    id: stored.id,
    userId: stored.userId,
    acr: stored.acr,
    amr: stored.amr,
    secondFactorRemembered: stored.secondFactorRemembered,
    remoteAddress: stored.remoteAddress,
    userAgent: stored.userAgent,
    lastUseTime: timestampFromMs(lastUse(stored, use)),
    place: use?.network || placeOf(stored.remoteAddress),
    ...(end === undefined ? {} : { idleEndTime: timestampFromMs(end) }),
    ...(stored.authTime ? { authTime: stored.authTime } : {}),
    ...(stored.createTime ? { createTime: stored.createTime } : {}),
    ...(stored.expireTime ? { expireTime: stored.expireTime } : {}),
  });
}
