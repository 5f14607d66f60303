import type { AttemptLimits } from "../../host/windowed-attempts.ts";

/** What limits one-time codes. Times in milliseconds. */
export interface OtpLimits extends AttemptLimits {
  /** How long a code is good. */
  readonly lifetime: number;
  /** Guesses at one code. */
  readonly tries: number;
  /** How long the next code of the same sign-in must wait, by the same way. */
  readonly pause: number;
  /** Codes that one person is sent within an hour, by mail and by SMS. */
  readonly mailsPerUser: number;
  readonly messagesPerUser: number;
}

/** `perAddress` and `perTenant` are codes that are sent, within `window`. */
export const defaultOtpLimits: OtpLimits = {
  lifetime: 5 * 60_000,
  tries: 5,
  pause: 30_000,
  mailsPerUser: 12,
  messagesPerUser: 6,
  perAddress: 60,
  perTenant: 2_000,
  window: 10 * 60_000,
};
