import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import {
  AuthenticationPolicySchema,
  MfaRequirement,
  SignInFactor,
} from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { UpdateAuthenticationPolicyRequestSchema } from "#gen/koder/auth/v1/authentication_policy_service_pb.ts";
import { BrowserContextSchema } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { FlowState, FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { CheckSignInRequestSchema } from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import {
  RequestEmailCodeRequestSchema,
  SubmitEmailCodeRequestSchema,
} from "#gen/koder/auth/v1/required_action_internal_pb.ts";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { CreateSessionRequestSchema } from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { aBrowser, authFixture, refusal } from "../auth-fixture.ts";
import { flows } from "../collections.ts";
import { checkSignIn } from "../policy/check-sign-in.ts";
import { updateAuthenticationPolicy } from "../policy/update-authentication-policy.ts";
import { defaultOtpLimits } from "../otp/otp-limits.ts";
import { requestEmailCode, submitEmailCode } from "./browser-actions.ts";

const stepNotExpected = { reason: "STEP_NOT_EXPECTED" };
const otherThan = (code: string): string => (code === "000000" ? "000001" : "000000");

/** Where addresses must be verified, somebody whose address is not. */
async function withUnverified(more: MessageInitShape<typeof AuthenticationPolicySchema> = {}) {
  const f = await authFixture();
  f.ana.emailVerified = false;
  const policy = { verifiedEmailRequired: true, ...more };
  const paths = Object.keys(policy).map((name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  await updateAuthenticationPolicy(f.dependencies)(
    create(UpdateAuthenticationPolicyRequestSchema, { policy, updateMask: { paths } }),
    handlerContext(),
  );
  const browserOf = (browserToken: string) => create(BrowserContextSchema, { ...aBrowser, browserToken });
  const ask = (flowId: string, email = "", browserToken: string = aBrowser.browserToken) =>
    requestEmailCode(f.dependencies)(
      create(RequestEmailCodeRequestSchema, { flowId, browser: browserOf(browserToken), email }),
      handlerContext(),
    );
  const give = (flowId: string, code: string, browserToken: string = aBrowser.browserToken) =>
    submitEmailCode(f.dependencies)(
      create(SubmitEmailCodeRequestSchema, { flowId, browser: browserOf(browserToken), code }),
      handlerContext(),
    );
  const mailedCode = async () => {
    await f.sendMails();
    return /\b\d{6}\b/.exec(f.mails.at(-1)?.text ?? "")?.[0] ?? "";
  };
  const afterPassword = async (name = "ana") => (await f.attempt(name, f.ana.password)).flow;
  return { f, ask, give, mailedCode, afterPassword };
}

test("whoever has not verified their address does so by a code, and is signed in by what they have shown before", async () => {
  const { f, ask, give, mailedCode, afterPassword } = await withUnverified();
  const flow = await afterPassword();
  expect(flow).toMatchObject({ state: FlowState.PASSWORD_OK, nextSteps: [FlowStep.VERIFY_EMAIL] });
  const id = flow?.id ?? "";
  expect(await refusal(give(id, "000000")), "none was sent").toMatchObject({ reason: "CODE_MISMATCH" });
  expect(await ask(id)).toMatchObject({ destination: "a•••@example.com" });
  const code = await mailedCode();
  expect(f.mails.at(-1)).toMatchObject({ to: "ana@example.com", subject: "Confirm your address" });
  expect(await refusal(give(id, otherThan(code)))).toMatchObject({ reason: "CODE_MISMATCH" });
  expect(f.ana.emailVerified).toBe(false);
  const done = await give(id, ` ${code.slice(0, 3)} ${code.slice(3)} `);
  expect(done).toMatchObject({ flow: { state: FlowState.COMPLETED }, sessionToken: "ksn_1" });
  expect(f.ana.emailVerified).toBe(true);
  expect(f.sessions[0]).toMatchObject({ amr: ["pwd"], acr: "urn:koder:acr:1fa" });
  expect(await refusal(give(id, code))).toMatchObject(stepNotExpected);
  expect(await afterPassword()).toMatchObject({ state: FlowState.COMPLETED });
});

test("whoever has no address says one, which becomes theirs by the code", async () => {
  const { f, ask, give, mailedCode, afterPassword } = await withUnverified();
  f.ana.email = "";
  const id = (await afterPassword())?.id ?? "";
  expect(await refusal(ask(id))).toMatchObject({ reason: "EMAIL_NEEDED" });
  await ask(id, "first@example.com");
  const first = await mailedCode();
  f.advance(defaultOtpLimits.pause);
  await ask(id, "ana@elsewhere.example");
  const second = await mailedCode();
  expect(f.mails.map(({ to }) => to)).toEqual(["first@example.com", "ana@elsewhere.example"]);
  expect(await refusal(give(id, first)), "a code proves the mailbox that it went to").toMatchObject({
    reason: "CODE_MISMATCH",
  });
  expect(await give(id, second)).toMatchObject({ flow: { state: FlowState.COMPLETED } });
  expect(f.ana).toMatchObject({ email: "ana@elsewhere.example" });
});

test("A16: whoever has an address verifies that one, whichever they name", async () => {
  const { f, ask, give, mailedCode, afterPassword } = await withUnverified();
  const id = (await afterPassword())?.id ?? "";
  await ask(id, "eve@example.com");
  expect(await mailedCode()).not.toBe("");
  expect(f.mails.map(({ to }) => to)).toEqual(["ana@example.com"]);
  // An administrator gives them another one meanwhile: what was mailed verifies nothing of it.
  f.ana.email = "ana@elsewhere.example";
  expect(await refusal(give(id, await mailedCode()))).toMatchObject({ reason: "CODE_MISMATCH" });
  expect(f.ana.emailVerified).toBe(false);
});

test("an address that somebody else has does not become theirs", async () => {
  const { f, ask, give, mailedCode, afterPassword } = await withUnverified();
  f.ana.email = "";
  const id = (await afterPassword())?.id ?? "";
  await ask(id, "bob@example.com");
  f.meanwhile.changeEmail = () => {
    throw new ConnectError("taken", Code.AlreadyExists);
  };
  await expect(give(id, await mailedCode())).rejects.toMatchObject({ code: Code.AlreadyExists });
  expect((await f.data.get(flows, (await flowHashes(f))[0] ?? ""))?.record.state).toBe(FlowState.PASSWORD_OK);
});

async function flowHashes(f: Awaited<ReturnType<typeof authFixture>>): Promise<string[]> {
  const events = (await f.events()).filter(({ resourceType }) => resourceType === "flow");
  return events.map(({ resourceId }) => resourceId);
}

test("A24: a crash after the address was verified leaves a flow that goes on by the same code, once", async () => {
  const { f, ask, give, mailedCode, afterPassword } = await withUnverified();
  const id = (await afterPassword())?.id ?? "";
  await ask(id);
  const code = await mailedCode();
  f.ana.emailVerified = true; // what was done before it
  const settled = await Promise.allSettled(Array.from({ length: 5 }, () => give(id, code)));
  expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(f.sessions).toHaveLength(1);
});

describe("A7: guesses", () => {
  test("are counted before they are looked at: five at one code, then the right one is wrong", async () => {
    const { ask, give, mailedCode, afterPassword } = await withUnverified({ attemptsBeforeWait: 10 });
    const id = (await afterPassword())?.id ?? "";
    await ask(id);
    const code = await mailedCode();
    await Promise.allSettled(Array.from({ length: 5 }, () => give(id, otherThan(code))));
    expect(await refusal(give(id, code))).toMatchObject({ reason: "CODE_MISMATCH" });
  });

  test("wait longer each time, however many flows and codes they are spread over, and beside those at the password", async () => {
    const { ask, give, afterPassword } = await withUnverified();
    for (let guess = 0; guess < 5; guess++) {
      const id = (await afterPassword())?.id ?? "";
      await ask(id);
      expect(await refusal(give(id, "000000"))).toMatchObject({ reason: "CODE_MISMATCH" });
    }
    const id = (await afterPassword())?.id ?? "";
    expect(await refusal(give(id, "000000"))).toMatchObject({ reason: "TOO_MANY_ATTEMPTS" });
  });

  test("no mailbox is filled by whoever names it: not by one person, nor by many", async () => {
    const { f, ask, afterPassword } = await withUnverified();
    f.ana.email = "";
    const id = (await afterPassword())?.id ?? "";
    await ask(id, "bob@example.com");
    expect(await refusal(ask(id, "bob@example.com"))).toMatchObject({ reason: "TOO_MANY_ATTEMPTS", retryAfter: 30 });
    // The one that was refused counts as well.
    for (let mail = 2; mail < defaultOtpLimits.mailsPerUser; mail++) {
      await ask((await afterPassword())?.id ?? "", "Bob@Example.com");
    }
    f.people.set("eve", { ...f.ana, id: "01JEVE00000000000000000000" });
    const hers = (await afterPassword("eve"))?.id ?? "";
    expect(await refusal(ask(hers, "bob@example.com"))).toMatchObject({
      reason: "TOO_MANY_ATTEMPTS",
      retryAfter: 3600,
    });
    await ask((await afterPassword("eve"))?.id ?? "", "eve@example.com");
  });
});

test("A6: nobody is sent a code by another browser, nor once they were voided", async () => {
  const { f, ask, give, mailedCode, afterPassword } = await withUnverified();
  const [id, other] = [(await afterPassword())?.id ?? "", (await afterPassword())?.id ?? ""];
  expect(await refusal(ask(id, "", "another-browser-token!"))).toMatchObject({ reason: "FLOW_NOT_FOUND" });
  await ask(id);
  const code = await mailedCode();
  expect(await refusal(give(other, code)), "a code of another flow").toMatchObject({ reason: "CODE_MISMATCH" });
  f.ana.epoch += 1n;
  expect(await refusal(give(id, code))).toMatchObject(stepNotExpected);
  expect(await refusal(ask(id))).toMatchObject(stepNotExpected);
  expect(f.ana.emailVerified).toBe(false);
  expect(f.mails).toHaveLength(1);
});

test("A15: it comes after a new password, and before codes by mail that are added then; a session of before must be followed by it", async () => {
  const { f, ask, give, mailedCode, afterPassword } = await withUnverified({
    mfa: MfaRequirement.REQUIRED,
    secondFactors: [SignInFactor.EMAIL_OTP],
  });
  const flow = await afterPassword();
  expect(flow).toMatchObject({ nextSteps: [FlowStep.VERIFY_EMAIL] });
  await ask(flow?.id ?? "");
  const { flow: after } = await give(flow?.id ?? "", await mailedCode());
  expect(after).toMatchObject({ state: FlowState.PASSWORD_OK, nextSteps: [FlowStep.ENROL_EMAIL_OTP] });
  expect(f.sessions).toHaveLength(0);
  const request = create(CheckSignInRequestSchema, {
    userId: f.ana.id,
    sessionId: "s",
    acr: "urn:koder:acr:mfa",
    authTime: timestampFromMs(f.dependencies.clock()),
  });
  const { PASSWORD, EMAIL_OTP } = SignInFactor;
  f.sessions.push(create(CreateSessionRequestSchema, { firstFactor: PASSWORD, secondFactors: [EMAIL_OTP] }));
  const check = () => checkSignIn(f.dependencies)(request, handlerContext());
  expect(await check()).toMatchObject({ sufficient: true });
  f.ana.emailVerified = false;
  expect(await check()).toMatchObject({ sufficient: false, actionRequired: true });
  f.ana.passwordChangeRequired = true;
  expect(await afterPassword()).toMatchObject({ nextSteps: [FlowStep.NEW_PASSWORD] });
});

test("A29: no event tells of the code or the address", async () => {
  const { f, ask, give, mailedCode, afterPassword } = await withUnverified();
  const id = (await afterPassword())?.id ?? "";
  await ask(id);
  const code = await mailedCode();
  await give(id, code);
  const told = Buffer.concat((await f.events()).map((event) => toBinary(EventSchema, event))).toString("latin1");
  for (const secret of [code, "ana@example.com", id]) expect(told).not.toContain(secret);
});
