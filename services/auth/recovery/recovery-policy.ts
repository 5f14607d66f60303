import type { AttemptLimits } from "../../host/windowed-attempts.ts";

/** How many links may be asked for. Times in milliseconds. */
export interface RecoveryPolicy extends AttemptLimits {
  /** Links that one account is mailed within an hour; more are answered like others, and nobody is mailed. */
  readonly perAccount: number;
  /** How long a link is good. */
  readonly lifetime: number;
}

export const defaultRecoveryPolicy: RecoveryPolicy = {
  perAccount: 5,
  perAddress: 60,
  perTenant: 2_000,
  window: 10 * 60_000,
  lifetime: 30 * 60_000,
};
