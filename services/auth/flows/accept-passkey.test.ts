import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { AuthenticationPolicySchema, MfaRequirement } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { UpdateAuthenticationPolicyRequestSchema } from "#gen/koder/auth/v1/authentication_policy_service_pb.ts";
import { FactorType } from "#gen/koder/auth/v1/factor_pb.ts";
import { FlowState, FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { softwareAuthenticator } from "../../../tests/support/software-authenticator.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { refusal } from "../auth-fixture.ts";
import { acme, factorFixture } from "../factors/factor-fixture.ts";
import { updateAuthenticationPolicy } from "../policy/update-authentication-policy.ts";

/** Where a second factor is required, somebody who has none, before the step of adding one. */
async function atEnrolment() {
  const f = await factorFixture();
  const policy = create(AuthenticationPolicySchema, { mfa: MfaRequirement.REQUIRED });
  const request = create(UpdateAuthenticationPolicyRequestSchema, { policy, updateMask: { paths: ["mfa"] } });
  await updateAuthenticationPolicy(f.dependencies)(request, handlerContext());
  const { flow } = await f.attempt("ana", f.ana.password);
  expect(flow?.nextSteps).toEqual([
    FlowStep.ENROL_TOTP,
    FlowStep.ENROL_PASSKEY,
    FlowStep.ENROL_SMS_OTP,
    FlowStep.ENROL_EMAIL_OTP,
  ]);
  const id = flow?.id ?? "";
  return { f, id, authenticator: softwareAuthenticator({ origin: acme.origin }) };
}

test("a passkey is added to go on, with recovery codes, and both factors were shown", async () => {
  const { f, id, authenticator } = await atEnrolment();
  const optionsJson = await f.offerNewPasskey(id);
  expect(await f.offerNewPasskey(id)).toBe(optionsJson);
  const foreign = softwareAuthenticator({ origin: "https://evil.example" }).create(optionsJson);
  expect(await refusal(f.acceptPasskey(id, foreign))).toMatchObject({ reason: "PASSKEY_NOT_ACCEPTED" });
  const made = authenticator.create(optionsJson);
  const done = await f.acceptPasskey(id, made);
  expect(done).toMatchObject({ flow: { state: FlowState.COMPLETED }, sessionToken: "ksn_1" });
  expect(done.recoveryCodes).toHaveLength(10);
  expect(f.sessions[0]).toMatchObject({ amr: ["pwd", "hwk", "user", "mfa"], acr: "urn:koder:acr:mfa" });
  expect(await f.list()).toMatchObject({ factors: [{ type: FactorType.PASSKEY }], recoveryCodesLeft: 10 });
  expect(await refusal(f.acceptPasskey(id, made))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
  const next = await f.atSecondFactor();
  expect(next.nextSteps).toEqual([FlowStep.PASSKEY, FlowStep.RECOVERY_CODE]);
  await f.submitPasskey(next.id, authenticator.get(await f.offerPasskey(next.id)));
  expect(f.sessions).toHaveLength(2);
});

test("A6, A24: not in another browser, for somebody who was voided, nor twice", async () => {
  const { f, id, authenticator } = await atEnrolment();
  const made = authenticator.create(await f.offerNewPasskey(id));
  const other = { browserToken: "another-browser-token!" };
  expect(await refusal(f.acceptPasskey(id, made, other))).toMatchObject({ reason: "FLOW_NOT_FOUND" });
  f.ana.epoch += 1n;
  expect(await refusal(f.acceptPasskey(id, made))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
  f.ana.epoch -= 1n;
  const settled = await Promise.allSettled(Array.from({ length: 10 }, () => f.acceptPasskey(id, made)));
  expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect((await f.list()).factors).toHaveLength(1);
});

test("A6: who has a second factor adds none by the password alone", async () => {
  const { f } = await atEnrolment();
  await f.app();
  const { id } = await f.atSecondFactor();
  expect(await refusal(f.offerNewPasskey(id))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
});
