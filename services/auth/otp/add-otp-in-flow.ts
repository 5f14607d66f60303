import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { EnrolmentSchema } from "#gen/koder/auth/store/v1/factor_pb.ts";
import type { Flow } from "#gen/koder/auth/store/v1/flow_pb.ts";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import { OtpChannel } from "#gen/koder/auth/v1/factor_pb.ts";
import type { Call } from "../../host/call.ts";
import { Conflict } from "../../store/store.ts";
import { insert, remove, replace } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import { authFailure } from "../auth-failure.ts";
import { enrolments } from "../collections.ts";
import { enrolmentLifetime, type AuthDependencies } from "../dependencies.ts";
import { addInFlow, type GoneOnWithCodes } from "../flows/add-in-flow.ts";
import { checkStillGood } from "../flows/check-still-good.ts";
import { findFlow, openFlow, remoteAddressOf, stepNotExpected, type FlowReference } from "../flows/open-flow.ts";
import type { GivenCode } from "../flows/second-factor.ts";
import { rulesOfSignIn } from "../policy/effective-policy.ts";
import { checkedPhone } from "./checked-phone.ts";
import { maskedDestination } from "./destination.ts";
import { newOtpFactor } from "./new-otp-factor.ts";
import { challengeOfEnrolment, useUpCode } from "./otp-challenge.ts";
import { channelParts } from "./otp-channels.ts";
import { otpDestination } from "./otp-destination.ts";
import { sendCode } from "./send-code.ts";

/** Codes that are to be added within a flow. */
export interface NewOtp extends FlowReference {
  readonly channel: OtpChannel;
  readonly phoneNumber: string;
}

/** The id of what is begun of them within a flow: another one than that of an authenticator app in it. */
const otpEnrolmentOfFlow = ({ idHash }: Pick<Flow, "idHash">): string => `flow-otp/${idHash}`;

/**
 * Sends the code by which a flow's person adds such codes, where they have no second factor and the flow waits for one. Which
 * telephone it is for is committed with the code: a code that went to one proves nothing of another.
 */
export async function sendNewOtpOfFlow(
  dependencies: AuthDependencies,
  call: Call,
  asked: NewOtp,
): Promise<{ readonly destination: string; readonly expires: number }> {
  const { store, vault, clock } = dependencies;
  const data = store.tenant(call.tenantId);
  const { channel } = asked;
  const phoneNumber = checkedPhone(asked);
  const { enrolStep, allowed } = channelParts(channel);
  const { record: flow } = await openFlow(data, await vault.tenant(call.tenantId), asked, enrolStep);
  await checkStillGood(dependencies, call, flow);
  if (!(await rulesOfSignIn(dependencies, call, flow)).secondFactors.has(allowed)) throw stepNotExpected();
  const { userId } = flow;
  const { to, locale } = await otpDestination(dependencies, call, userId, channel, phoneNumber);
  const id = otpEnrolmentOfFlow(flow);
  const before = await data.get(enrolments, id);
  const expireTime = flow.expireTime ?? timestampFromMs(clock() + enrolmentLifetime);
  const enrolment = create(EnrolmentSchema, { id, userId, otpChannel: channel, phoneNumber, expireTime });
  const write = before === undefined ? insert(enrolments, enrolment) : replace(enrolments, enrolment, before.version);
  const challengeId = challengeOfEnrolment(id);
  const remoteAddress = remoteAddressOf(call, asked);
  const code = { challengeId, userId, channel, to, locale, remoteAddress };
  return { destination: maskedDestination(to), expires: await sendCode(dependencies, call, code, [write]) };
}

/** Adds them by the code that was sent last, which counts as the second factor of the flow. */
export async function takeNewOtp(
  dependencies: AuthDependencies,
  call: Call,
  given: GivenCode,
): Promise<GoneOnWithCodes> {
  const { store, vault } = dependencies;
  const data = store.tenant(call.tenantId);
  const stored = await findFlow(data, await vault.tenant(call.tenantId), given);
  const { nextSteps } = stored.record;
  const begun = await data.get(enrolments, otpEnrolmentOfFlow(stored.record));
  // Where none was sent the answer is that of a wrong code.
  const offered = nextSteps.includes(channelParts(OtpChannel.EMAIL).enrolStep) ? OtpChannel.EMAIL : OtpChannel.SMS;
  const channel = (begun?.record.otpChannel as OtpChannel | undefined) ?? offered;
  const { enrolStep, allowed, method } = channelParts(channel);
  if (!nextSteps.includes(enrolStep)) throw stepNotExpected();
  try {
    return await addInFlow(dependencies, call, stored, given, allowed, async (now) => {
      const used =
        begun && (await useUpCode(dependencies, call, challengeOfEnrolment(begun.record.id), channel, given.code));
      if (begun === undefined || used === undefined) {
        throw authFailure(AuthErrorReason.CODE_MISMATCH, "code: is not the one that was sent last, or is too old");
      }
      const { writes, event } = newOtpFactor(call, now, create(EnrolmentSchema, { ...begun.record, id: ulid(now) }));
      return { writes: [used, remove(enrolments, begun), ...writes], event, methods: [method] };
    });
  } catch (error) {
    // The code was given, or another one sent, at this moment: begin again, and be asked by what there is then.
    throw error instanceof Conflict ? stepNotExpected() : error;
  }
}
