import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { Enrolment } from "#gen/koder/auth/store/v1/factor_pb.ts";
import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import {
  ConfirmTotpResponseSchema,
  type ConfirmTotpRequest,
  type ConfirmTotpResponse,
} from "#gen/koder/auth/v1/factor_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { Conflict } from "../../store/store.ts";
import { remove } from "../../store/writes.ts";
import { authFailure } from "../auth-failure.ts";
import { enrolments } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { addedFactor } from "./added-factor.ts";
import { checkFactorAllowed } from "./check-factor-allowed.ts";
import { checkFactorLimit } from "./factor-limit.ts";
import { factorMessage } from "./factor-message.ts";
import { factorNotFound } from "./factor-not-found.ts";
import { factorsOfUser } from "./factors-of-user.ts";
import { newTotpFactor } from "./new-totp-factor.ts";
import { acceptedStep } from "./totp.ts";
import { openSecret } from "./totp-secret.ts";
import { userOf } from "../../host/user-of.ts";

/**
 * Adds the authenticator app that shows the right code. Attempts are not counted: the secret is the caller's own. The code
 * counts as used, so that who saw it typed cannot sign in with it. A repeat finds the factor and answers it.
 */
export function confirmTotp(dependencies: Pick<AuthDependencies, "store" | "vault" | "peers" | "policies" | "clock">) {
  const { store, vault, clock } = dependencies;
  return async (request: ConfirmTotpRequest, context: HandlerContext): Promise<ConfirmTotpResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const userId = userOf(call, request);
    const { factorId: id } = request;
    const before = await addedFactor(data, userId, id);
    if (before !== undefined) return create(ConfirmTotpResponseSchema, { factor: before });
    const enrolment = await data.get(enrolments, id);
    if (enrolment?.record.userId !== userId || !isTotp(enrolment.record)) throw factorNotFound();
    await checkFactorAllowed(dependencies, call, userId, SignInFactor.TOTP);
    checkFactorLimit(await factorsOfUser(data, userId));
    const now = clock();
    const secret = await openSecret(vault, call, "enrolment", enrolment.record);
    const step = await acceptedStep(secret, request.code, now, 0);
    if (step === undefined) {
      throw authFailure(
        AuthErrorReason.CODE_MISMATCH,
        "code: is not what the app shows; check the clock of its device",
      );
    }
    const shown = { id, userId, displayName: enrolment.record.displayName, secret, step };
    const { factor, use, writes, event } = newTotpFactor(await vault.tenant(call.tenantId), call, now, shown);
    try {
      await data.commit([remove(enrolments, enrolment), ...writes], [event]);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      const meanwhile = await addedFactor(data, userId, id);
      if (meanwhile === undefined) throw factorNotFound();
      return create(ConfirmTotpResponseSchema, { factor: meanwhile });
    }
    return create(ConfirmTotpResponseSchema, { factor: factorMessage(factor, use) });
  };
}

/** Whether what was begun is an authenticator app. */
const isTotp = ({ challenge, otpChannel }: Enrolment): boolean => challenge === "" && otpChannel === 0;
