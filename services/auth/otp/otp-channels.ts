import { MailKind } from "#gen/koder/auth/store/v1/mail_pb.ts";
import type { Factor } from "#gen/koder/auth/store/v1/factor_pb.ts";
import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { OtpChannel } from "#gen/koder/auth/v1/factor_pb.ts";
import { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";

/** What a way by which one-time codes come means to the rest of the service. */
export interface ChannelParts {
  readonly factor: NonNullable<Factor["kind"]["case"]>;
  readonly step: FlowStep;
  /** The step by which they are added within a flow. */
  readonly enrolStep: FlowStep;
  /** What the policy calls it. */
  readonly allowed: SignInFactor;
  readonly kind: MailKind;
  /** The authentication method that such a code is (RFC 8176 §2). */
  readonly method: "otp" | "sms";
}

const channels: ReadonlyMap<OtpChannel, ChannelParts> = new Map([
  [
    OtpChannel.EMAIL,
    {
      factor: "emailOtp",
      step: FlowStep.EMAIL_OTP,
      enrolStep: FlowStep.ENROL_EMAIL_OTP,
      allowed: SignInFactor.EMAIL_OTP,
      kind: MailKind.EMAIL_OTP,
      method: "otp",
    },
  ],
  [
    OtpChannel.SMS,
    {
      factor: "smsOtp",
      step: FlowStep.SMS_OTP,
      enrolStep: FlowStep.ENROL_SMS_OTP,
      allowed: SignInFactor.SMS_OTP,
      kind: MailKind.SMS_OTP,
      method: "sms",
    },
  ],
]);

/** The parts of a channel. Throws for what is none: the contract lets none through. */
export function channelParts(channel: OtpChannel): ChannelParts {
  const parts = channels.get(channel);
  if (parts === undefined) throw new Error("a one-time code was asked for by no channel");
  return parts;
}
