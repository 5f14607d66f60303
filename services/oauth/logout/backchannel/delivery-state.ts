import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { LogoutDeliverySchema, type LogoutDelivery } from "#gen/koder/oauth/store/v1/logout_delivery_pb.ts";

/** Pauses after the first failed attempt, the second, …, in milliseconds: about a day altogether. */
const pauses = [5_000, 30_000, 120_000, 600_000, 3_600_000, 6 * 3_600_000, 16 * 3_600_000] as const;

const day = 86_400_000;

/** What became of an attempt at `now` (ms); `fault` is undefined when the client took the token. */
export function afterAttempt(delivery: LogoutDelivery, now: number, fault: string | undefined): LogoutDelivery {
  const { id, clientId, sessionId, userId, userErased, createTime } = delivery;
  const attempts = delivery.attempts + 1;
  const known = {
    id,
    clientId,
    sessionId,
    userId,
    userErased,
    attempts,
    lastAttemptTime: timestampFromMs(now),
    lastFault: fault ?? "",
    ...(createTime ? { createTime } : {}),
  };
  const until = (time: number) => ({ expireTime: timestampFromMs(time) });
  if (fault === undefined) return create(LogoutDeliverySchema, { ...known, state: "delivered", ...until(now + day) });
  const pause = pauses[delivery.attempts];
  return create(
    LogoutDeliverySchema,
    pause === undefined
      ? { ...known, state: "dead", ...until(now + 30 * day) }
      : { ...known, state: "pending", nextAttemptTime: timestampFromMs(now + pause), ...until(now + 30 * day) },
  );
}

/** A delivery that is to be tried at `now` (ms), for the first time or as if it were. */
export function toBeTried(
  delivery: Pick<LogoutDelivery, "id" | "clientId" | "sessionId" | "userId" | "userErased" | "createTime">,
  now: number,
): LogoutDelivery {
  const { id, clientId, sessionId, userId, userErased, createTime } = delivery;
  return create(LogoutDeliverySchema, {
    id,
    clientId,
    sessionId,
    userId,
    userErased,
    state: "pending",
    nextAttemptTime: timestampFromMs(now),
    createTime: createTime ?? timestampFromMs(now),
    expireTime: timestampFromMs(now + 30 * day),
  });
}
