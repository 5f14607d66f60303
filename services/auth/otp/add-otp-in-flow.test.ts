import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  AuthenticationPolicySchema,
  MfaRequirement,
  SignInFactor,
} from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { UpdateAuthenticationPolicyRequestSchema } from "#gen/koder/auth/v1/authentication_policy_service_pb.ts";
import { BrowserContextSchema, SubmitPasswordRequestSchema } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { FactorType, OtpChannel } from "#gen/koder/auth/v1/factor_pb.ts";
import { FlowState, FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { RequestNewOtpRequestSchema, SubmitNewOtpRequestSchema } from "#gen/koder/auth/v1/otp_internal_pb.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { aBrowser, refusal } from "../auth-fixture.ts";
import { factorFixture } from "../factors/factor-fixture.ts";
import { submitPassword } from "../flows/submit-password.ts";
import { updateAuthenticationPolicy } from "../policy/update-authentication-policy.ts";
import { requestNewOtp, submitNewOtp } from "./browser-otp.ts";
import { defaultOtpLimits } from "./otp-limits.ts";

const { EMAIL, SMS } = OtpChannel;
const [phone, otherPhone] = ["+5511999990199", "+5511999990200"];
const stepNotExpected = { reason: "STEP_NOT_EXPECTED" };

/** Where a second factor is required, somebody who has none. */
async function withRequirement(
  more: MessageInitShape<typeof AuthenticationPolicySchema> = {},
  { smsAvailable = true, emailVerified = true } = {},
) {
  const f = await factorFixture();
  f.ana.emailVerified = emailVerified;
  const dependencies = { ...f.dependencies, smsAvailable };
  const update = (policy: MessageInitShape<typeof AuthenticationPolicySchema>) =>
    updateAuthenticationPolicy(dependencies)(
      create(UpdateAuthenticationPolicyRequestSchema, { policy, updateMask: { paths: ["mfa", "second_factors"] } }),
      handlerContext(),
    );
  await update({ mfa: MfaRequirement.REQUIRED, ...more });
  const browserOf = (browserToken: string) => create(BrowserContextSchema, { ...aBrowser, browserToken });
  const ask = (flowId: string, channel: OtpChannel = EMAIL, phoneNumber = channel === SMS ? phone : "") =>
    requestNewOtp(dependencies)(
      create(RequestNewOtpRequestSchema, {
        flowId,
        browser: browserOf(aBrowser.browserToken),
        channel,
        phoneNumber,
      }),
      handlerContext(),
    );
  const give = (flowId: string, code: string, browserToken: string = aBrowser.browserToken) =>
    submitNewOtp(dependencies)(
      create(SubmitNewOtpRequestSchema, { flowId, browser: browserOf(browserToken), code }),
      handlerContext(),
    );
  const lastCode = async (sent: readonly { readonly text: string }[]) => {
    await f.sendMails();
    return /\b\d{6}\b/.exec(sent.at(-1)?.text ?? "")?.[0] ?? "";
  };
  const atEnrolment = async () => (await f.attempt("ana", f.ana.password)).flow?.id ?? "";
  return {
    f,
    dependencies,
    update,
    ask,
    give,
    mailedCode: () => lastCode(f.mails),
    messagedCode: () => lastCode(f.messages),
    atEnrolment,
  };
}

const otherThan = (code: string): string => (code === "000000" ? "000001" : "000000");

test.each([
  { channel: EMAIL, type: FactorType.EMAIL_OTP, step: FlowStep.EMAIL_OTP, amr: ["pwd", "otp", "mfa"] },
  { channel: SMS, type: FactorType.SMS_OTP, step: FlowStep.SMS_OTP, amr: ["pwd", "sms", "mfa"] },
])("codes are added to go on, with recovery codes, and both factors were shown: $amr", async (one) => {
  const { f, ask, give, mailedCode, messagedCode, atEnrolment } = await withRequirement();
  const id = await atEnrolment();
  expect(await refusal(give(id, "000000")), "none was sent").toMatchObject({ reason: "CODE_MISMATCH" });
  const { destination } = await ask(id, one.channel);
  expect(destination).toBe(one.channel === SMS ? "•••• 0199" : "a•••@example.com");
  const code = await (one.channel === SMS ? messagedCode() : mailedCode());
  expect(await refusal(give(id, otherThan(code)))).toMatchObject({ reason: "CODE_MISMATCH" });
  expect((await f.list()).factors).toEqual([]);
  const done = await give(id, ` ${code.slice(0, 3)} ${code.slice(3)} `);
  expect(done).toMatchObject({ flow: { state: FlowState.COMPLETED }, sessionToken: "ksn_1" });
  expect(done.recoveryCodes).toHaveLength(10);
  expect(f.sessions[0]).toMatchObject({ amr: one.amr, acr: "urn:koder:acr:mfa" });
  expect(await f.list()).toMatchObject({ factors: [{ type: one.type }], recoveryCodesLeft: 10 });
  expect(await refusal(give(id, code))).toMatchObject(stepNotExpected);
  expect((await f.atSecondFactor()).nextSteps).toEqual([one.step, FlowStep.RECOVERY_CODE]);
});

test("codes by mail are offered where the address is verified, codes by SMS where any are sent", async () => {
  const both = [SignInFactor.TOTP, SignInFactor.EMAIL_OTP, SignInFactor.SMS_OTP];
  const stepsOf = async (smsAvailable: boolean, emailVerified: boolean) => {
    const { f, dependencies } = await withRequirement({ secondFactors: both }, { smsAvailable, emailVerified });
    const given = { username: "ana", browser: aBrowser, password: f.ana.password };
    const request = create(SubmitPasswordRequestSchema, given);
    return (await submitPassword(dependencies)(request, handlerContext())).flow?.nextSteps;
  };
  expect(await stepsOf(true, true)).toEqual([FlowStep.ENROL_TOTP, FlowStep.ENROL_SMS_OTP, FlowStep.ENROL_EMAIL_OTP]);
  expect(await stepsOf(false, true)).toEqual([FlowStep.ENROL_TOTP, FlowStep.ENROL_EMAIL_OTP]);
  expect(await stepsOf(true, false)).toEqual([FlowStep.ENROL_TOTP, FlowStep.ENROL_SMS_OTP]);
});

test("codes by SMS alone are no policy where none are sent", async () => {
  const { update } = await withRequirement({}, { smsAvailable: false });
  const alone = update({ mfa: MfaRequirement.REQUIRED, secondFactors: [SignInFactor.SMS_OTP] });
  expect(await refusal(alone)).toMatchObject({ reason: "AUTHENTICATION_POLICY_INVALID" });
  const { update: withSms } = await withRequirement();
  await withSms({ mfa: MfaRequirement.REQUIRED, secondFactors: [SignInFactor.SMS_OTP] });
});

test("A6: not what the policy forbids, not by who has a factor, and not by an unverified address", async () => {
  const { f, update, ask, atEnrolment } = await withRequirement();
  const id = await atEnrolment();
  f.ana.emailVerified = false;
  expect(await refusal(ask(id))).toMatchObject({ reason: "MAILBOX_NOT_FOUND" });
  f.ana.emailVerified = true;
  await update({ mfa: MfaRequirement.REQUIRED, secondFactors: [SignInFactor.TOTP] });
  expect(await refusal(ask(id))).toMatchObject(stepNotExpected);
  await update({ mfa: MfaRequirement.REQUIRED });
  await f.app();
  expect(await refusal(ask((await f.atSecondFactor()).id))).toMatchObject(stepNotExpected);
  f.ana.epoch += 1n;
  expect(await refusal(ask(id)), "voided since").toMatchObject(stepNotExpected);
  expect(f.messages).toHaveLength(0);
});

test("A6: a code that went to one telephone proves nothing of another, however the two are asked for", async () => {
  const { f, ask, give, messagedCode, atEnrolment } = await withRequirement();
  const id = await atEnrolment();
  await ask(id, SMS);
  const code = await messagedCode();
  // Too soon: neither is a code sent, nor is the other number taken.
  expect(await refusal(ask(id, SMS, otherPhone))).toMatchObject({ reason: "TOO_MANY_ATTEMPTS", retryAfter: 30 });
  f.advance(defaultOtpLimits.pause);
  const second = await atEnrolment();
  await ask(second, SMS, otherPhone);
  expect(await refusal(give(second, code))).toMatchObject({ reason: "CODE_MISMATCH" });
  await give(id, code);
  expect((await f.list()).factors).toMatchObject([{ destination: "•••• 0199" }]);
});

test("A6: a flow that waited for a factor takes none once there is one", async () => {
  const { f, ask, give, mailedCode, atEnrolment } = await withRequirement();
  const id = await atEnrolment();
  await ask(id);
  const code = await mailedCode();
  await f.app();
  expect(await refusal(give(id, code))).toMatchObject(stepNotExpected);
  expect((await f.list()).factors).toMatchObject([{ type: FactorType.TOTP }]);
});

test("A24, A7: of many who give it at once one has it; of wrong ones five are looked at; in another browser it is nothing", async () => {
  const { f, ask, give, mailedCode, atEnrolment } = await withRequirement();
  const id = await atEnrolment();
  await ask(id);
  const code = await mailedCode();
  expect(await refusal(give(id, code, "another-browser-token!"))).toMatchObject({ reason: "FLOW_NOT_FOUND" });
  const settled = await Promise.allSettled(Array.from({ length: 4 }, () => give(id, code)));
  expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect((await f.list()).factors).toHaveLength(1);

  const other = await withRequirement();
  const guessed = await other.atEnrolment();
  await other.ask(guessed);
  const right = await other.mailedCode();
  await Promise.allSettled(Array.from({ length: 20 }, () => other.give(guessed, otherThan(right))));
  expect(await refusal(other.give(guessed, right))).toMatchObject({ reason: "CODE_MISMATCH" });
});
