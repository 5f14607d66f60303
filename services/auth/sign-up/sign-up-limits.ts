import type { AttemptLimits } from "../../host/windowed-attempts.ts";

/** How often people are mailed links to open an account by. Times in milliseconds. */
export interface SignUpLimits extends AttemptLimits {
  /** Mails that one address gets within an hour; more requests are answered like others, and nobody is mailed. */
  readonly perMailbox: number;
  /** How long a link is good. */
  readonly lifetime: number;
}

export const defaultSignUpLimits: SignUpLimits = {
  perMailbox: 3,
  perAddress: 60,
  perTenant: 2_000,
  window: 10 * 60_000,
  lifetime: 60 * 60_000,
};
