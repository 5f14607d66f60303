import { FactorTypeSchema } from "#gen/koder/auth/v1/factor_pb.ts";
import type { Factor } from "#gen/koder/auth/store/v1/factor_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { Outbound } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { typeOf } from "./factor-message.ts";

const named = (factor: Factor) => ({
  userId: factor.userId,
  type: FactorTypeSchema.value[typeOf(factor)]?.localName ?? "",
});

/** A person has another factor. */
export const factorAdded = (call: Outbound, now: number, factor: Factor): Event =>
  eventOf(
    call,
    now,
    { type: "factor", id: factor.id, version: 1 },
    {
      case: "factorAdded",
      value: { $typeName: "koder.events.v1.FactorAdded", ...named(factor) },
    },
  );

/** A factor is gone; `version` is that of its record before. */
export const factorRemoved = (call: Outbound, now: number, factor: Factor, version: number): Event =>
  eventOf(
    call,
    now,
    { type: "factor", id: factor.id, version: version + 1 },
    {
      case: "factorRemoved",
      value: { $typeName: "koder.events.v1.FactorRemoved", ...named(factor) },
    },
  );

/** A factor is called otherwise; `version` is that of its record after the change. */
export const factorRenamed = (call: Outbound, now: number, factor: Factor, version: number): Event =>
  eventOf(
    call,
    now,
    { type: "factor", id: factor.id, version },
    { case: "factorRenamed", value: { $typeName: "koder.events.v1.FactorRenamed", ...named(factor) } },
  );

/** The counter of a passkey went back; `version` is that of its record after it was noted. */
export const passkeyCounterFell = (call: Outbound, now: number, { id, userId }: Factor, version: number): Event =>
  eventOf(
    call,
    now,
    { type: "factor", id, version },
    { case: "passkeyCounterFell", value: { $typeName: "koder.events.v1.PasskeyCounterFell", userId } },
  );

/** The recovery codes of a user as of an event: `version` is the record's after the change, `left` how many there are. */
export interface RecoveryCodesState {
  readonly userId: string;
  readonly version: number;
  readonly left: number;
}

const resource = ({ userId, version }: RecoveryCodesState) => ({ type: "recovery_codes", id: userId, version });

/** Recovery codes were made, or are void. */
export const recoveryCodesChanged = (call: Outbound, now: number, state: RecoveryCodesState): Event =>
  eventOf(call, now, resource(state), {
    case: "recoveryCodesChanged",
    value: { $typeName: "koder.events.v1.RecoveryCodesChanged", left: state.left },
  });

/** A recovery code was used. */
export const recoveryCodeUsed = (call: Outbound, now: number, state: RecoveryCodesState): Event =>
  eventOf(call, now, resource(state), {
    case: "recoveryCodeUsed",
    value: { $typeName: "koder.events.v1.RecoveryCodeUsed", left: state.left },
  });
