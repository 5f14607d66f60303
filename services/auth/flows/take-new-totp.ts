import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import type { Call } from "../../host/call.ts";
import { Conflict } from "../../store/store.ts";
import { ulid } from "../../vault/random.ts";
import { authFailure } from "../auth-failure.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { newTotpFactor } from "../factors/new-totp-factor.ts";
import { acceptedStep } from "../factors/totp.ts";
import { addInFlow, type GoneOnWithCodes } from "./add-in-flow.ts";
import { secretOfFlow } from "./offer-totp.ts";
import { openFlow, stepNotExpected } from "./open-flow.ts";
import type { GivenCode } from "./second-factor.ts";

/**
 * Adds the authenticator app that was offered within a flow, by a code that it shows, which counts as the second factor.
 * Attempts are not counted: the secret was shown to whoever guesses.
 */
export async function takeNewTotp(
  dependencies: AuthDependencies,
  call: Call,
  given: GivenCode,
): Promise<GoneOnWithCodes> {
  const { store, vault } = dependencies;
  const tenantVault = await vault.tenant(call.tenantId);
  const stored = await openFlow(store.tenant(call.tenantId), tenantVault, given, FlowStep.ENROL_TOTP);
  const { userId } = stored.record;
  try {
    return await addInFlow(dependencies, call, stored, given, SignInFactor.TOTP, async (now) => {
      const secret = await secretOfFlow(dependencies, call, stored.record);
      if (secret === undefined) throw stepNotExpected();
      const step = await acceptedStep(secret, given.code, now, 0);
      if (step === undefined) {
        throw authFailure(
          AuthErrorReason.CODE_MISMATCH,
          "code: is not what the app shows; check the clock of its device",
        );
      }
      const shown = { id: ulid(now), userId, displayName: "", secret, step };
      return { ...newTotpFactor(tenantVault, call, now, shown), methods: ["otp"] };
    });
  } catch (error) {
    // Codes were made elsewhere at this moment: begin again, and be asked by what there is then.
    throw error instanceof Conflict ? stepNotExpected() : error;
  }
}
