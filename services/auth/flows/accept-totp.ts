import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import {
  AcceptTotpResponseSchema,
  type AcceptTotpRequest,
  type AcceptTotpResponse,
} from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { callOf } from "../../host/call.ts";
import { Conflict } from "../../store/store.ts";
import { ulid } from "../../vault/random.ts";
import { authFailure } from "../auth-failure.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { newRecoveryCodes } from "../factors/new-recovery-codes.ts";
import { newTotpFactor } from "../factors/new-totp-factor.ts";
import { acceptedStep } from "../factors/totp.ts";
import { rulesOfSignIn } from "../policy/effective-policy.ts";
import { checkStillGood } from "./check-still-good.ts";
import { flowMessage } from "./flow-message.ts";
import { goOn } from "./go-on.ts";
import { secretOfFlow } from "./offer-totp.ts";
import { openFlow, stepNotExpected } from "./open-flow.ts";

/**
 * Adds the authenticator app that was offered within a flow, by a code that it shows, which counts as the second factor. App,
 * recovery codes and the flow's next state are one commit. Attempts are not counted: the secret was shown to whoever guesses.
 */
export function acceptTotp(dependencies: AuthDependencies) {
  const { store, vault, clock } = dependencies;
  return async (request: AcceptTotpRequest, context: HandlerContext): Promise<AcceptTotpResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const tenantVault = await vault.tenant(call.tenantId);
    const stored = await openFlow(data, tenantVault, request, FlowStep.ENROL_TOTP);
    await checkStillGood(dependencies, call, stored.record);
    const { secondFactors } = await rulesOfSignIn(dependencies, call, stored.record);
    if (!secondFactors.has(SignInFactor.TOTP)) throw stepNotExpected(); // the policy has changed since
    const { userId, amr } = stored.record;
    const secret = await secretOfFlow(dependencies, call, stored.record);
    if (secret === undefined) throw stepNotExpected();
    const now = clock();
    const step = await acceptedStep(secret, request.code, now, 0);
    if (step === undefined) {
      throw authFailure(
        AuthErrorReason.CODE_MISMATCH,
        "code: is not what the app shows; check the clock of its device",
      );
    }
    const added = newTotpFactor(tenantVault, call, now, { id: ulid(now), userId, displayName: "", secret, step });
    const recovery = secondFactors.has(SignInFactor.RECOVERY_CODE)
      ? await newRecoveryCodes(data, tenantVault, call, now, userId)
      : undefined;
    const proven = { amr: [...amr, "otp", "mfa"], authTime: timestampFromMs(now) };
    const usedUp = {
      writes: [...added.writes, ...(recovery === undefined ? [] : [recovery.write])],
      events: [added.event, ...(recovery === undefined ? [] : [recovery.event])],
    };
    try {
      const { flow, sessionToken } = await goOn(dependencies, call, stored, proven, request, usedUp);
      return create(AcceptTotpResponseSchema, {
        flow: flowMessage(request.flowId, flow),
        sessionToken,
        recoveryCodes: [...(recovery?.codes ?? [])],
      });
    } catch (error) {
      // Codes were made elsewhere at this moment: begin again, and be asked by what there is then.
      throw error instanceof Conflict ? stepNotExpected() : error;
    }
  };
}
