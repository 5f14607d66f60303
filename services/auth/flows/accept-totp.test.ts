import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  AuthenticationPolicySchema,
  MfaRequirement,
  type ClientAuthenticationPolicy,
} from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { UpdateAuthenticationPolicyRequestSchema } from "#gen/koder/auth/v1/authentication_policy_service_pb.ts";
import { FlowState, FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { refusal } from "../auth-fixture.ts";
import { factorFixture } from "../factors/factor-fixture.ts";
import { updateAuthenticationPolicy } from "../policy/update-authentication-policy.ts";

const { NEVER, REQUIRED } = MfaRequirement;

async function withPolicy(
  mfa: MfaRequirement,
  clientOverrides: Pick<ClientAuthenticationPolicy, "clientId" | "mfa">[] = [],
) {
  const f = await factorFixture();
  const policy = create(AuthenticationPolicySchema, { mfa, clientOverrides });
  const updateMask = { paths: ["mfa", "client_overrides"] };
  const request = create(UpdateAuthenticationPolicyRequestSchema, { policy, updateMask });
  await updateAuthenticationPolicy(f.dependencies)(request, handlerContext());
  const attemptFor = (asked: { clientId?: string; acrValues?: string[] }) =>
    f.attempt("ana", f.ana.password, {}, asked);
  return { f, attemptFor };
}

describe("where a second factor is required", () => {
  test("whoever has none adds one to go on, gets recovery codes, and has shown both", async () => {
    const { f } = await withPolicy(REQUIRED);
    const { flow, sessionToken } = await f.attempt("ana", f.ana.password);
    expect(flow).toMatchObject({
      state: FlowState.PASSWORD_OK,
      nextSteps: [FlowStep.ENROL_TOTP, FlowStep.ENROL_PASSKEY, FlowStep.ENROL_SMS_OTP, FlowStep.ENROL_EMAIL_OTP],
    });
    expect(sessionToken).toBe("");
    const id = flow?.id ?? "";
    const { secret, qrCodeSvg } = await f.offerTotp(id);
    expect(qrCodeSvg).toMatch(/^<svg /);
    expect((await f.offerTotp(id)).secret).toBe(secret);
    expect(await refusal(f.acceptTotp(id, f.codeOf(secret, 7)))).toMatchObject({ reason: "CODE_MISMATCH" });
    expect((await f.list()).factors).toEqual([]);

    const done = await f.acceptTotp(id, f.codeOf(secret));
    expect(done).toMatchObject({ flow: { state: FlowState.COMPLETED }, sessionToken: "ksn_1" });
    expect(done.recoveryCodes).toHaveLength(10);
    expect(f.sessions[0]).toMatchObject({ amr: ["pwd", "otp", "mfa"], acr: "urn:koder:acr:mfa" });
    expect(await f.list()).toMatchObject({ factors: [{ type: 1 }], recoveryCodesLeft: 10 });
    expect(await refusal(f.acceptTotp(id, f.codeOf(secret, 1)))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });

    const next = await f.atSecondFactor();
    expect(next.nextSteps).toEqual([FlowStep.TOTP, FlowStep.RECOVERY_CODE]);
    expect(await refusal(f.submitTotp(next.id, f.codeOf(secret)))).toMatchObject({ reason: "CODE_MISMATCH" });
    expect((await f.submitRecoveryCode(next.id, done.recoveryCodes[0] ?? "")).sessionToken).toBe("ksn_2");
  });

  test("A6: nothing is offered to another browser, nor once the user was voided", async () => {
    const { f, attemptFor } = await withPolicy(REQUIRED);
    const id = (await attemptFor({})).flow?.id ?? "";
    const other = { browserToken: "another-browser-token!" };
    expect(await refusal(f.offerTotp(id, other))).toMatchObject({ reason: "FLOW_NOT_FOUND" });
    const { secret } = await f.offerTotp(id);
    f.ana.epoch += 1n;
    expect(await refusal(f.acceptTotp(id, f.codeOf(secret)))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
    expect((await f.list()).factors).toEqual([]);
  });

  test("A6: who has one adds none by the password alone", async () => {
    const { f } = await withPolicy(REQUIRED);
    await f.app();
    const { id } = await f.atSecondFactor();
    expect(await refusal(f.offerTotp(id))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
  });

  test("a new password comes first, and then the second factor", async () => {
    const { f } = await withPolicy(REQUIRED);
    f.ana.passwordChangeRequired = true;
    const { flow } = await f.attempt("ana", f.ana.password);
    expect(flow?.nextSteps).toEqual([FlowStep.NEW_PASSWORD]);
    const id = flow?.id ?? "";
    expect((await f.submitNew(id, "the next password of ana")).flow?.nextSteps).toEqual([
      FlowStep.ENROL_TOTP,
      FlowStep.ENROL_PASSKEY,
      FlowStep.ENROL_SMS_OTP,
      FlowStep.ENROL_EMAIL_OTP,
    ]);
    const { secret } = await f.offerTotp(id);
    expect((await f.acceptTotp(id, f.codeOf(secret))).sessionToken).toBe("ksn_1");
    expect(f.sessions[0]).toMatchObject({ userEpoch: 8n, acr: "urn:koder:acr:mfa" });
  });

  test("accepted 10 times at once it is one app", async () => {
    const { f } = await withPolicy(REQUIRED);
    const id = (await f.attempt("ana", f.ana.password)).flow?.id ?? "";
    const { secret } = await f.offerTotp(id);
    const code = f.codeOf(secret);
    const settled = await Promise.allSettled(Array.from({ length: 10 }, () => f.acceptTotp(id, code)));
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect((await f.list()).factors).toHaveLength(1);
    expect(f.sessions).toHaveLength(1);
  });
});

test("where it is asked for never, it is all the same by a client that wants it, or for which it is otherwise", async () => {
  const { f, attemptFor } = await withPolicy(NEVER, [{ clientId: "vault", mfa: REQUIRED }]);
  expect((await attemptFor({ clientId: "vault" })).flow?.nextSteps).toEqual([
    FlowStep.ENROL_TOTP,
    FlowStep.ENROL_PASSKEY,
    FlowStep.ENROL_SMS_OTP,
    FlowStep.ENROL_EMAIL_OTP,
  ]);
  await f.app();
  expect((await attemptFor({})).sessionToken).toBe("ksn_1");
  expect(f.sessions[0]).toMatchObject({ amr: ["pwd"], acr: "urn:koder:acr:1fa" });
  expect((await attemptFor({ clientId: "vault" })).flow?.state).toBe(FlowState.MFA_REQUIRED);
  expect((await attemptFor({ acrValues: ["urn:koder:acr:mfa"] })).flow?.state).toBe(FlowState.MFA_REQUIRED);
  expect((await attemptFor({ clientId: "other", acrValues: ["urn:koder:acr:1fa"] })).sessionToken).toBe("ksn_2");
});
