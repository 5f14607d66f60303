import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { OtpChallengeSchema } from "#gen/koder/auth/store/v1/otp_pb.ts";
import { BrowserContextSchema } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { FactorType, OtpChannel } from "#gen/koder/auth/v1/factor_pb.ts";
import { ConfirmOtpRequestSchema, EnrolOtpRequestSchema } from "#gen/koder/auth/v1/factor_service_pb.ts";
import { FlowState, FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { RequestOtpRequestSchema, SubmitOtpRequestSchema } from "#gen/koder/auth/v1/otp_internal_pb.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { aBrowser, refusal } from "../auth-fixture.ts";
import { UpdateMailTemplateRequestSchema } from "#gen/koder/auth/v1/mail_template_service_pb.ts";
import { updateMailTemplate } from "../mail/update-mail-template.ts";
import { otpChallenges } from "../collections.ts";
import { factorFixture, person } from "../factors/factor-fixture.ts";
import { requestOtp, submitOtp } from "./browser-otp.ts";
import { confirmOtp } from "./confirm-otp.ts";
import { maskedDestination } from "./destination.ts";
import { enrolOtp } from "./enrol-otp.ts";
import { defaultOtpLimits } from "./otp-limits.ts";

const { EMAIL, SMS } = OtpChannel;
const phone = "+5511999990199";

async function withCodes() {
  const f = await factorFixture();
  const { dependencies, ana } = f;
  const browser = create(BrowserContextSchema, aBrowser);
  const enrol = (channel: OtpChannel, phoneNumber = channel === SMS ? phone : "", calling = person(ana.id)) =>
    enrolOtp(dependencies)(
      create(EnrolOtpRequestSchema, { userId: "me", channel, phoneNumber }),
      handlerContext(calling),
    );
  const confirm = (factorId: string, code: string, calling = person(ana.id)) =>
    confirmOtp(dependencies)(
      create(ConfirmOtpRequestSchema, { userId: "me", factorId, code }),
      handlerContext(calling),
    );
  const ask = (flowId: string, channel: OtpChannel = EMAIL) =>
    requestOtp(dependencies)(create(RequestOtpRequestSchema, { flowId, browser, channel }), handlerContext());
  const give = (flowId: string, code: string) =>
    submitOtp(dependencies)(create(SubmitOtpRequestSchema, { flowId, browser, code }), handlerContext());
  /** The last code that was sent, by either way. */
  const sentCode = async () => {
    await f.sendMails();
    const text = f.messages.at(-1)?.text ?? f.mails.at(-1)?.text ?? "";
    return /\b\d{6}\b/.exec(text)?.[0] ?? "";
  };
  const mailedCode = async () => {
    await f.sendMails();
    return /\b\d{6}\b/.exec(f.mails.at(-1)?.text ?? "")?.[0] ?? "";
  };
  const add = async (channel: OtpChannel) => {
    const { factorId } = await enrol(channel);
    await confirm(factorId, channel === SMS ? await sentCode() : await mailedCode());
    f.advance(defaultOtpLimits.pause);
    return factorId;
  };
  return { f, enrol, confirm, ask, give, sentCode, mailedCode, add };
}

/** A code that is not this one. */
const otherThan = (code: string): string => (code === "000000" ? "000001" : "000000");

describe("adding one-time codes", () => {
  test("by mail: the address that is verified gets a code, and whoever gives it has the factor", async () => {
    const { f, enrol, confirm, mailedCode } = await withCodes();
    const { factorId, destination } = await enrol(EMAIL);
    expect(destination).toBe("a•••@example.com");
    const code = await mailedCode();
    expect(f.mails.at(-1)).toMatchObject({ to: "ana@example.com", subject: "Your one-time code" });
    expect(await refusal(confirm(factorId, otherThan(code)))).toMatchObject({ reason: "CODE_MISMATCH" });
    expect((await f.list()).factors).toEqual([]);
    const { factor } = await confirm(factorId, ` ${code.slice(0, 3)}-${code.slice(3)}\u200b`);
    expect(factor).toMatchObject({ id: factorId, type: FactorType.EMAIL_OTP });
    expect((await confirm(factorId, "anything")).factor).toEqual(factor);
    f.ana.emailVerified = false;
    const other = await withCodes();
    other.f.ana.emailVerified = false;
    expect(await refusal(other.enrol(EMAIL))).toMatchObject({ reason: "MAILBOX_NOT_FOUND" });
  });

  test("by SMS: the telephone gets it, bound to our host, and is told of in part only", async () => {
    const { f, enrol, confirm, sentCode } = await withCodes();
    const { factorId, destination } = await enrol(SMS);
    expect(destination).toBe("•••• 0199");
    const code = await sentCode();
    expect(f.messages[0]).toMatchObject({ to: phone });
    expect(f.messages[0]?.text).toMatch(/is your code for Acme.*\n\n@id\.acme\.test #\d{6}$/s);
    await confirm(factorId, code);
    const [factor] = (await f.list()).factors;
    expect(factor).toMatchObject({ type: FactorType.SMS_OTP, destination: "•••• 0199" });
    const events = JSON.stringify(await f.events(), (_key, value: unknown) => (typeof value === "bigint" ? "" : value));
    for (const secret of [code, phone.slice(1)]) expect(events).not.toContain(secret);
  });

  test("by SMS: the text is the tenant's where it has one, in the person's language", async () => {
    const { f, enrol, sentCode } = await withCodes();
    f.ana.locale = "pt-BR";
    const request = create(UpdateMailTemplateRequestSchema, {
      kind: "sms_otp",
      language: "pt-BR",
      mailTemplate: { body: "{tenant}: use {code} em {minutes} minutos." },
      updateMask: { paths: ["body"] },
    });
    await updateMailTemplate(f.dependencies)(request, handlerContext());
    await enrol(SMS);
    const code = await sentCode();
    expect(f.messages[0]?.text).toBe(`Acme: the firm: use ${code} em 5 minutos.\n\n@id.acme.test #${code}`);
  });

  test("a telephone is needed for SMS, and for nothing else; a person has one of each", async () => {
    const { enrol, add } = await withCodes();
    await expect(enrol(SMS, "")).rejects.toThrow("phone_number");
    await expect(enrol(EMAIL, phone)).rejects.toThrow("phone_number");
    await add(EMAIL);
    expect(await refusal(enrol(EMAIL))).toMatchObject({ reason: "FACTOR_LIMIT" });
    await add(SMS);
    expect(await refusal(enrol(SMS))).toMatchObject({ reason: "FACTOR_LIMIT" });
  });

  test("they are called by one line that can be read, as other factors are, and nothing is sent before", async () => {
    const { f } = await withCodes();
    const request = create(EnrolOtpRequestSchema, { userId: "me", channel: EMAIL, displayName: "Work\u202Eliam" });
    await expect(enrolOtp(f.dependencies)(request, handlerContext(person(f.ana.id)))).rejects.toThrow(
      "display_name: must be one line of text",
    );
    await f.sendMails();
    expect(f.mails).toEqual([]);
  });

  test("where nobody brings SMS there are none", async () => {
    const { f } = await withCodes();
    const without = enrolOtp({ ...f.dependencies, smsAvailable: false });
    const request = create(EnrolOtpRequestSchema, { userId: "me", channel: SMS, phoneNumber: phone });
    expect(await refusal(without(request, handlerContext(person(f.ana.id))))).toMatchObject({
      reason: "SMS_NOT_AVAILABLE",
    });
  });

  test("A14, A7: nobody confirms another's, and five guesses are all that there are", async () => {
    const { f, enrol, confirm, mailedCode } = await withCodes();
    const { factorId } = await enrol(EMAIL);
    const code = await mailedCode();
    const other = person("01JOTHER000000000000000000");
    expect(await refusal(confirm(factorId, code, other))).toMatchObject({ reason: "FACTOR_NOT_FOUND" });
    const guesses = Array.from({ length: 100 }, () => confirm(factorId, otherThan(code)));
    await Promise.allSettled(guesses);
    expect(await refusal(confirm(factorId, code))).toMatchObject({ reason: "CODE_MISMATCH" });
    expect((await f.list()).factors).toEqual([]);
  });
});

describe("a sign-in with a one-time code", () => {
  test.each([
    { channel: EMAIL, step: FlowStep.EMAIL_OTP, amr: ["pwd", "otp", "mfa"] },
    { channel: SMS, step: FlowStep.SMS_OTP, amr: ["pwd", "sms", "mfa"] },
  ])("asks for it after the password, and says by which it was: $amr", async ({ channel, step, amr }) => {
    const { f, add, ask, give, sentCode, mailedCode } = await withCodes();
    await add(channel);
    const { id, state, nextSteps } = await f.atSecondFactor();
    expect([state, nextSteps]).toEqual([FlowState.MFA_REQUIRED, [step]]);
    // Nothing was sent yet, so that nothing is right.
    expect(await refusal(give(id, "000000"))).toMatchObject({ reason: "CODE_MISMATCH" });
    await ask(id, channel);
    const code = channel === SMS ? await sentCode() : await mailedCode();
    const { sessionToken } = await give(id, code);
    expect(sessionToken).not.toBe("");
    expect(f.sessions.at(-1)).toMatchObject({ amr, acr: "urn:koder:acr:mfa" });
    expect((await f.list()).factors[0]?.lastUseTime).toBeDefined();
    expect(await refusal(give(id, code))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
  });

  test("A24: a code is good once, for its own flow, for five minutes, and until the next one", async () => {
    const { f, add, ask, give, mailedCode } = await withCodes();
    await add(EMAIL);
    const [first, second] = [await f.atSecondFactor(), await f.atSecondFactor()];
    await ask(first.id);
    const code = await mailedCode();
    await ask(second.id);
    const other = await mailedCode();
    if (code !== other) expect(await refusal(give(second.id, code))).toMatchObject({ reason: "CODE_MISMATCH" });
    f.advance(defaultOtpLimits.pause);
    await ask(first.id);
    const next = await mailedCode();
    if (code !== next) expect(await refusal(give(first.id, code))).toMatchObject({ reason: "CODE_MISMATCH" });
    f.advance(defaultOtpLimits.lifetime);
    expect(await refusal(give(first.id, next))).toMatchObject({ reason: "CODE_MISMATCH" });
  });

  test("A24: of ten who give the right code at once one is signed in", async () => {
    const { f, add, ask, give, mailedCode } = await withCodes();
    await add(EMAIL);
    const { id } = await f.atSecondFactor();
    await ask(id);
    const code = await mailedCode();
    const before = f.sessions.length;
    await Promise.allSettled(Array.from({ length: 4 }, () => give(id, code)));
    expect(f.sessions.length - before).toBe(1);
  });

  test("A7: a hundred guesses at once are five, and the right code is none after them", async () => {
    const { f, add, ask, give, mailedCode } = await withCodes();
    await add(EMAIL);
    const { id } = await f.atSecondFactor();
    await ask(id);
    const code = await mailedCode();
    await Promise.allSettled(Array.from({ length: 100 }, () => give(id, otherThan(code))));
    f.advance(60_000);
    const answer = await refusal(give(id, code));
    expect(["CODE_MISMATCH", "TOO_MANY_ATTEMPTS"]).toContain(answer.reason);
    expect(f.sessions).toHaveLength(0);
  });

  test("how often codes are sent is limited, for a flow, a person and an address", async () => {
    const { f, add, ask } = await withCodes();
    await add(EMAIL);
    const { id } = await f.atSecondFactor();
    await ask(id);
    expect(await refusal(ask(id))).toMatchObject({ reason: "TOO_MANY_ATTEMPTS", retryAfter: 30 });
    let sent = 2; // one to add it
    for (; sent < 40; sent++) {
      f.advance(defaultOtpLimits.pause);
      const next = await f.atSecondFactor();
      const answer = await ask(next.id).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (answer !== undefined) break;
    }
    expect(sent).toBe(defaultOtpLimits.mailsPerUser);
  });

  test("no code is good after the factor was removed", async () => {
    const { f, add, ask, give, mailedCode } = await withCodes();
    const factorId = await add(EMAIL);
    const { id } = await f.atSecondFactor();
    await ask(id);
    const code = await mailedCode();
    await f.remove(factorId);
    expect(await refusal(give(id, code))).toMatchObject({ reason: "CODE_MISMATCH" });
    expect(await refusal(ask(id))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
  });

  test("A21: of a code its keyed hash is kept, and nothing that it could be told from", async () => {
    const { f, add, ask, mailedCode } = await withCodes();
    await add(EMAIL);
    const { id } = await f.atSecondFactor();
    await ask(id);
    const code = await mailedCode();
    for (const { record } of (await f.data.page(otpChallenges, { index: "id", limit: 10 })).items) {
      expect(Buffer.from(toBinary(OtpChallengeSchema, record)).toString("latin1")).not.toContain(code);
    }
  });
});

test.each([
  ["bea@example.com", "b•••@example.com"],
  ["+5511999990199", "•••• 0199"],
])("%s is told as %s", (to, shown) => {
  expect(maskedDestination(to)).toBe(shown);
});
