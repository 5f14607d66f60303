import { create } from "@bufbuild/protobuf";
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
import { newTotpFactor } from "../factors/new-totp-factor.ts";
import { acceptedStep } from "../factors/totp.ts";
import { addInFlow } from "./add-in-flow.ts";
import { flowMessage } from "./flow-message.ts";
import { secretOfFlow } from "./offer-totp.ts";
import { openFlow, stepNotExpected } from "./open-flow.ts";

/**
 * Adds the authenticator app that was offered within a flow, by a code that it shows, which counts as the second factor.
 * Attempts are not counted: the secret was shown to whoever guesses.
 */
export function acceptTotp(dependencies: AuthDependencies) {
  const { store, vault } = dependencies;
  return async (request: AcceptTotpRequest, context: HandlerContext): Promise<AcceptTotpResponse> => {
    const call = callOf(context);
    const tenantVault = await vault.tenant(call.tenantId);
    const stored = await openFlow(store.tenant(call.tenantId), tenantVault, request, FlowStep.ENROL_TOTP);
    const { userId } = stored.record;
    try {
      const gone = await addInFlow(dependencies, call, stored, request, SignInFactor.TOTP, async (now) => {
        const secret = await secretOfFlow(dependencies, call, stored.record);
        if (secret === undefined) throw stepNotExpected();
        const step = await acceptedStep(secret, request.code, now, 0);
        if (step === undefined) {
          throw authFailure(
            AuthErrorReason.CODE_MISMATCH,
            "code: is not what the app shows; check the clock of its device",
          );
        }
        const shown = { id: ulid(now), userId, displayName: "", secret, step };
        return { ...newTotpFactor(tenantVault, call, now, shown), methods: ["otp"] };
      });
      const { flow, sessionToken, recoveryCodes } = gone;
      return create(AcceptTotpResponseSchema, {
        flow: flowMessage(request.flowId, flow),
        sessionToken,
        recoveryCodes: [...recoveryCodes],
      });
    } catch (error) {
      // Codes were made elsewhere at this moment: begin again, and be asked by what there is then.
      throw error instanceof Conflict ? stepNotExpected() : error;
    }
  };
}
