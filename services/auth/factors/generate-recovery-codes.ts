import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import {
  GenerateRecoveryCodesResponseSchema,
  type GenerateRecoveryCodesRequest,
  type GenerateRecoveryCodesResponse,
} from "#gen/koder/auth/v1/factor_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { failure } from "../../host/failure.ts";
import { Conflict } from "../../store/store.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { checkFactorAllowed } from "./check-factor-allowed.ts";
import { newRecoveryCodes } from "./new-recovery-codes.ts";
import { userOf } from "../../host/user-of.ts";

/** Makes new recovery codes in the place of those that there were. They are random, so a keyed hash keeps them well. */
export function generateRecoveryCodes(
  dependencies: Pick<AuthDependencies, "store" | "vault" | "peers" | "policies" | "clock">,
) {
  const { store, vault, clock } = dependencies;
  return async (
    request: GenerateRecoveryCodesRequest,
    context: HandlerContext,
  ): Promise<GenerateRecoveryCodesResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const userId = userOf(call, request);
    await checkFactorAllowed(dependencies, call, userId, SignInFactor.RECOVERY_CODE);
    const tenantVault = await vault.tenant(call.tenantId);
    const { codes, write, event } = await newRecoveryCodes(data, tenantVault, call, clock(), userId);
    try {
      await data.commit([write], [event]);
    } catch (error) {
      // Whoever else made or used codes at this moment: which are good must not be told wrongly.
      if (error instanceof Conflict)
        throw failure(ErrorReason.CONFLICT, "the codes changed meanwhile; repeat the call");
      throw error;
    }
    return create(GenerateRecoveryCodesResponseSchema, { recoveryCodes: [...codes] });
  };
}
