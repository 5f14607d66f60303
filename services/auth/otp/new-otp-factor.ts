import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  EmailOtpSchema,
  FactorSchema,
  FactorUseSchema,
  SmsOtpSchema,
  type Enrolment,
  type Factor,
} from "#gen/koder/auth/store/v1/factor_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import { OtpChannel } from "#gen/koder/auth/v1/factor_pb.ts";
import type { Call } from "../../host/call.ts";
import type { Write } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { factors, factorUses } from "../collections.ts";
import { factorAdded } from "../factors/factor-events.ts";

/** What is committed to add one-time codes, by what was begun. */
export function newOtpFactor(
  call: Call,
  now: number,
  { id, userId, displayName, otpChannel, phoneNumber }: Enrolment,
): { readonly factor: Factor; readonly writes: readonly Write[]; readonly event: Event } {
  const factor = create(FactorSchema, {
    id,
    userId,
    displayName,
    createTime: timestampFromMs(now),
    kind:
      (otpChannel as OtpChannel) === OtpChannel.SMS
        ? { case: "smsOtp", value: create(SmsOtpSchema, { phoneNumber }) }
        : { case: "emailOtp", value: create(EmailOtpSchema) },
  });
  const use = create(FactorUseSchema, { factorId: id });
  const event = factorAdded(call, now, factor);
  return { factor, writes: [insert(factors, factor), insert(factorUses, use)], event };
}
