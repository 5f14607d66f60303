import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { EnrolmentSchema } from "#gen/koder/auth/store/v1/factor_pb.ts";
import {
  EnrolOtpResponseSchema,
  type EnrolOtpRequest,
  type EnrolOtpResponse,
} from "#gen/koder/auth/v1/factor_service_pb.ts";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { userOf } from "../../host/user-of.ts";
import { insert } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import { authFailure } from "../auth-failure.ts";
import { enrolments } from "../collections.ts";
import { enrolmentLifetime, type AuthDependencies } from "../dependencies.ts";
import { checkFactorAllowed } from "../factors/check-factor-allowed.ts";
import { factorName } from "../factors/factor-name.ts";
import { checkFactorLimit } from "../factors/factor-limit.ts";
import { factorsOfUser } from "../factors/factors-of-user.ts";
import { checkedPhone } from "./checked-phone.ts";
import { maskedDestination } from "./destination.ts";
import { challengeOfEnrolment } from "./otp-challenge.ts";
import { channelParts } from "./otp-channels.ts";
import { otpDestination } from "./otp-destination.ts";
import { sendCode } from "./send-code.ts";

/** Begins to add one-time codes by mail or SMS: the code that is sent now is what their person shows that they get them by. */
export function enrolOtp(dependencies: AuthDependencies) {
  const { store, clock } = dependencies;
  return async (request: EnrolOtpRequest, context: HandlerContext): Promise<EnrolOtpResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const userId = userOf(call, request);
    const { channel } = request;
    const phoneNumber = checkedPhone(request);
    const displayName = factorName(request.displayName, "display_name");
    await checkFactorAllowed(dependencies, call, userId, channelParts(channel).allowed);
    const all = await factorsOfUser(data, userId);
    checkFactorLimit(all);
    if (all.some(({ record }) => record.kind.case === channelParts(channel).factor)) {
      throw authFailure(AuthErrorReason.FACTOR_LIMIT, "there is one such factor already; remove it first");
    }
    const { to, locale } = await otpDestination(dependencies, call, userId, channel, phoneNumber);
    const now = clock();
    const id = ulid(now);
    const expireTime = timestampFromMs(now + enrolmentLifetime);
    const enrolment = create(EnrolmentSchema, {
      id,
      userId,
      displayName,
      otpChannel: channel,
      phoneNumber,
      expireTime,
    });
    const challengeId = challengeOfEnrolment(id);
    const remoteAddress = call.clientAddress;
    await sendCode(dependencies, call, { challengeId, userId, channel, to, locale, remoteAddress });
    await data.commit([insert(enrolments, enrolment)], []);
    return create(EnrolOtpResponseSchema, { factorId: id, destination: maskedDestination(to) });
  };
}
