import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import { authFailure } from "../auth-failure.ts";
import { mostFactors } from "./factors-of-user.ts";

/** Throws FACTOR_LIMIT where a person has as many factors as one can have. */
export function checkFactorLimit(factors: readonly unknown[]): void {
  if (factors.length < mostFactors) return;
  throw authFailure(AuthErrorReason.FACTOR_LIMIT, `there are ${mostFactors} factors already; remove one first`);
}
