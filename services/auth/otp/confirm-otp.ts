import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import type { OtpChannel } from "#gen/koder/auth/v1/factor_pb.ts";
import {
  ConfirmOtpResponseSchema,
  type ConfirmOtpRequest,
  type ConfirmOtpResponse,
} from "#gen/koder/auth/v1/factor_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { userOf } from "../../host/user-of.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { remove } from "../../store/writes.ts";
import { authFailure } from "../auth-failure.ts";
import { enrolments } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { addedFactor } from "../factors/added-factor.ts";
import { checkFactorAllowed } from "../factors/check-factor-allowed.ts";
import { checkFactorLimit } from "../factors/factor-limit.ts";
import { factorMessage } from "../factors/factor-message.ts";
import { factorNotFound } from "../factors/factor-not-found.ts";
import { factorsOfUser } from "../factors/factors-of-user.ts";
import { newOtpFactor } from "./new-otp-factor.ts";
import { challengeOfEnrolment, useUpCode } from "./otp-challenge.ts";
import { channelParts } from "./otp-channels.ts";

/**
 * Adds one-time codes once their person has given the one that was sent. Code, enrolment and factor are one commit: who saw the
 * code typed cannot use it again. A repeat finds the factor and answers it.
 */
export function confirmOtp(dependencies: AuthDependencies) {
  const { store, clock } = dependencies;
  return async (request: ConfirmOtpRequest, context: HandlerContext): Promise<ConfirmOtpResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const userId = userOf(call, request);
    const { factorId: id } = request;
    const before = await addedFactor(data, userId, id);
    if (before !== undefined) return create(ConfirmOtpResponseSchema, { factor: before });
    const enrolment = await data.get(enrolments, id);
    if (enrolment?.record.userId !== userId || enrolment.record.otpChannel === 0) throw factorNotFound();
    checkFactorLimit(await factorsOfUser(data, userId));
    const channel = enrolment.record.otpChannel as OtpChannel;
    await checkFactorAllowed(dependencies, call, userId, channelParts(channel).allowed);
    const used = await useUpCode(dependencies, call, challengeOfEnrolment(id), channel, request.code);
    if (used === undefined) {
      throw authFailure(AuthErrorReason.CODE_MISMATCH, "code: is not the one that was sent last, or is too old");
    }
    const now = clock();
    const { factor, writes, event } = newOtpFactor(call, now, enrolment.record);
    const isDone = await commitUnlessChanged(data, [used, remove(enrolments, enrolment), ...writes], [event]);
    if (isDone) return create(ConfirmOtpResponseSchema, { factor: factorMessage(factor, undefined) });
    const meanwhile = await addedFactor(data, userId, id);
    if (meanwhile === undefined) throw factorNotFound();
    return create(ConfirmOtpResponseSchema, { factor: meanwhile });
  };
}
