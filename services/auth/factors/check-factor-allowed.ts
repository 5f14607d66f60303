import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import type { Call } from "../../host/call.ts";
import { authFailure } from "../auth-failure.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { rulesOfSignIn } from "../policy/effective-policy.ts";

type Needs = Pick<AuthDependencies, "policies" | "peers">;

/** Refuses a factor that its person could never show. Throws FACTOR_NOT_ALLOWED. */
export async function checkFactorAllowed(
  dependencies: Needs,
  call: Call,
  userId: string,
  factor: SignInFactor,
): Promise<void> {
  const { firstFactors, secondFactors } = await rulesOfSignIn(dependencies, call, { userId, clientId: "" });
  if (firstFactors.has(factor) || secondFactors.has(factor)) return;
  throw factorNotAllowed();
}

/**
 * Refuses what is for people who sign in by a password where nobody does, or not this person. Throws FACTOR_NOT_ALLOWED; of
 * nobody in particular, it is the same for everybody (security A23).
 */
export const checkPasswordAllowed = (dependencies: Needs, call: Call, userId: string): Promise<void> =>
  checkFactorAllowed(dependencies, call, userId, SignInFactor.PASSWORD);

/** The answer to a factor that the policy does not allow. */
export const factorNotAllowed = (message = "the authentication policy does not allow this factor") =>
  authFailure(AuthErrorReason.FACTOR_NOT_ALLOWED, message);
