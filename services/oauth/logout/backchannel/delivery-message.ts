import { create } from "@bufbuild/protobuf";
import type { LogoutDelivery as StoredDelivery } from "#gen/koder/oauth/store/v1/logout_delivery_pb.ts";
import {
  LogoutDeliverySchema,
  LogoutDeliveryState,
  type LogoutDelivery,
} from "#gen/koder/oauth/v1/logout_delivery_pb.ts";

/** How each state of the contract is kept. */
const stateNames: ReadonlyMap<LogoutDeliveryState, string> = new Map([
  [LogoutDeliveryState.PENDING, "pending"],
  [LogoutDeliveryState.DELIVERED, "delivered"],
  [LogoutDeliveryState.DEAD, "dead"],
]);
const states = new Map(Array.from(stateNames, ([state, name]) => [name, state]));

/** How a state is kept; undefined for none in particular. */
export const keptState = (state: LogoutDeliveryState): string | undefined => stateNames.get(state);

/** A delivery as others see it. */
export function deliveryMessage(stored: StoredDelivery): LogoutDelivery {
  return create(LogoutDeliverySchema, {
    id: stored.id,
    clientId: stored.clientId,
    sessionId: stored.sessionId,
    userId: stored.userId,
    state: states.get(stored.state) ?? LogoutDeliveryState.UNSPECIFIED,
    attempts: stored.attempts,
    lastFault: stored.lastFault,
    ...(stored.nextAttemptTime ? { nextAttemptTime: stored.nextAttemptTime } : {}),
    ...(stored.lastAttemptTime ? { lastAttemptTime: stored.lastAttemptTime } : {}),
    ...(stored.createTime ? { createTime: stored.createTime } : {}),
    ...(stored.expireTime ? { expireTime: stored.expireTime } : {}),
  });
}
