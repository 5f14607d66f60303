import { create } from "@bufbuild/protobuf";
import type { Session as StoredSession } from "#gen/koder/session/store/v1/session_pb.ts";
import { SessionSchema, type Session } from "#gen/koder/session/v1/session_pb.ts";

/** A session as others see it: everything but its token's hash and its epoch. */
export function sessionMessage(stored: StoredSession): Session {
  return create(SessionSchema, {
    id: stored.id,
    userId: stored.userId,
    acr: stored.acr,
    amr: stored.amr,
    secondFactorRemembered: stored.secondFactorRemembered,
    remoteAddress: stored.remoteAddress,
    userAgent: stored.userAgent,
    ...(stored.authTime ? { authTime: stored.authTime } : {}),
    ...(stored.createTime ? { createTime: stored.createTime } : {}),
    ...(stored.expireTime ? { expireTime: stored.expireTime } : {}),
  });
}
