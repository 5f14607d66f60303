import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { AuthenticationPolicySchema, MfaRequirement } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { UpdateAuthenticationPolicyRequestSchema } from "#gen/koder/auth/v1/authentication_policy_service_pb.ts";
import { BrowserContextSchema } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { FlowState, FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { CheckSignInRequestSchema } from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import { SubmitTermsRequestSchema } from "#gen/koder/auth/v1/required_action_internal_pb.ts";
import { ConfirmSignUpRequestSchema, StartSignUpRequestSchema } from "#gen/koder/auth/v1/sign_up_service_pb.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { personalData } from "../../host/personal-data.ts";
import { aBrowser, authFixture, refusal } from "../auth-fixture.ts";
import { acceptedTerms } from "../collections.ts";
import { finishErasure } from "../factors/finish-erasure.ts";
import { personalCollections } from "../personal-data.ts";
import { checkSignIn } from "../policy/check-sign-in.ts";
import { updateAuthenticationPolicy } from "../policy/update-authentication-policy.ts";
import { confirmSignUp } from "../sign-up/confirm-sign-up.ts";
import { startSignUp } from "../sign-up/start-sign-up.ts";
import { submitTerms } from "./browser-actions.ts";

const uri = "https://acme.example/terms";

/** A tenant that has everybody accept its terms. */
async function withTerms(version = "2026-11", more: MessageInitShape<typeof AuthenticationPolicySchema> = {}) {
  const f = await authFixture();
  f.branding.termsUri = uri;
  const update = (policy: MessageInitShape<typeof AuthenticationPolicySchema>) =>
    updateAuthenticationPolicy(f.dependencies)(
      create(UpdateAuthenticationPolicyRequestSchema, {
        policy,
        updateMask: {
          paths: Object.keys(policy).map((name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
        },
      }),
      handlerContext(),
    );
  await update({ termsVersion: version, ...more });
  const afterPassword = async () => (await f.attempt("ana", f.ana.password)).flow;
  const decide = (flowId: string, accepted: boolean, shown = version, browserToken: string = aBrowser.browserToken) =>
    submitTerms(f.dependencies)(
      create(SubmitTermsRequestSchema, {
        flowId,
        browser: create(BrowserContextSchema, { ...aBrowser, browserToken }),
        accepted,
        version: shown,
      }),
      handlerContext(),
    );
  const kept = async () => (await f.data.get(acceptedTerms, f.ana.id))?.record;
  const told = async () => {
    const events = (await f.events()).filter(({ payload }) => payload.case === "acceptedTermsChanged");
    return events.map(({ payload }) => payload.value);
  };
  return { f, update, afterPassword, decide, kept, told };
}

test("everybody is asked once; what they accepted is kept with its version and the time, and an event tells of it", async () => {
  const { f, afterPassword, decide, kept, told } = await withTerms();
  const flow = await afterPassword();
  expect(flow).toMatchObject({
    state: FlowState.PASSWORD_OK,
    nextSteps: [FlowStep.ACCEPT_TERMS],
    terms: { version: "2026-11", uri, acceptedVersion: "" },
  });
  expect(f.sessions).toHaveLength(0);
  const done = await decide(flow?.id ?? "", true);
  expect(done).toMatchObject({ flow: { state: FlowState.COMPLETED }, sessionToken: "ksn_1" });
  expect(done.flow?.terms).toBeUndefined();
  expect(await kept()).toMatchObject({ version: "2026-11", uri, acceptTime: timestampFromMs(f.dependencies.clock()) });
  expect(await told()).toMatchObject([{ userId: f.ana.id, version: "2026-11" }]);
  expect(await afterPassword()).toMatchObject({ state: FlowState.COMPLETED });
});

test("another version is asked for again, and says which was accepted before", async () => {
  const { update, afterPassword, decide, kept } = await withTerms("1");
  await decide((await afterPassword())?.id ?? "", true);
  await update({ termsVersion: "2" });
  const flow = await afterPassword();
  expect(flow?.terms).toMatchObject({ version: "2", acceptedVersion: "1" });
  await decide(flow?.id ?? "", true, "2");
  expect(await kept()).toMatchObject({ version: "2" });
  await update({ termsVersion: "" });
  expect(await afterPassword()).toMatchObject({ state: FlowState.COMPLETED });
});

test("terms that change while they are shown are asked for next, and a form that is sent twice accepts none of them", async () => {
  const { f, update, afterPassword, decide, kept } = await withTerms("1");
  const id = (await afterPassword())?.id ?? "";
  await update({ termsVersion: "2" });
  expect(await decide(id, true, "1")).toMatchObject({
    flow: { nextSteps: [FlowStep.ACCEPT_TERMS], terms: { version: "2", acceptedVersion: "1" } },
    sessionToken: "",
  });
  expect(await refusal(decide(id, true, "1"))).toMatchObject({ reason: "TERMS_NOT_ACCEPTED" });
  expect(await kept()).toMatchObject({ version: "1" });
  expect(f.sessions).toHaveLength(0);
});

test("whoever declines is not signed in, and the flow leads nowhere any more", async () => {
  const { f, afterPassword, decide, kept } = await withTerms();
  const id = (await afterPassword())?.id ?? "";
  expect(await decide(id, false)).toMatchObject({ flow: { state: FlowState.FAILED, nextSteps: [] }, sessionToken: "" });
  expect(await kept()).toBeUndefined();
  expect(await refusal(decide(id, true))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
  const last = (await f.events()).findLast(({ payload }) => payload.case === "flowAdvanced");
  expect(last?.payload.value).toMatchObject({ state: "FAILED", userId: f.ana.id, reason: "terms_declined" });
  expect(f.sessions).toHaveLength(0);
});

test("A6: not by another browser, not once they were voided, and once of many at once", async () => {
  const { f, afterPassword, decide, kept, told } = await withTerms();
  const id = (await afterPassword())?.id ?? "";
  expect(await refusal(decide(id, true, undefined, "another-browser-token!"))).toMatchObject({
    reason: "FLOW_NOT_FOUND",
  });
  f.ana.epoch += 1n;
  expect(await refusal(decide(id, true))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
  expect(await kept()).toBeUndefined();
  const again = (await afterPassword())?.id ?? "";
  const settled = await Promise.allSettled(Array.from({ length: 5 }, () => decide(again, true)));
  expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(await told()).toHaveLength(1);
});

test("A15: they come before a factor that is added, and a session of before must be followed by them", async () => {
  const { f, afterPassword, decide } = await withTerms("1", { mfa: MfaRequirement.REQUIRED });
  const request = create(CheckSignInRequestSchema, {
    userId: f.ana.id,
    acr: "urn:koder:acr:mfa",
    authTime: timestampFromMs(f.dependencies.clock()),
  });
  const check = () => checkSignIn(f.dependencies)(request, handlerContext());
  expect(await check()).toMatchObject({ sufficient: false, actionRequired: true });
  const flow = await afterPassword();
  expect(flow).toMatchObject({ nextSteps: [FlowStep.ACCEPT_TERMS] });
  const { flow: after } = await decide(flow?.id ?? "", true);
  expect(after?.nextSteps).toContain(FlowStep.ENROL_TOTP);
  expect(await check()).toMatchObject({ sufficient: true });
});

test("terms that nobody can read are asked of nobody", async () => {
  const { f, update } = await withTerms("");
  f.branding.termsUri = "";
  expect(await refusal(update({ termsVersion: "1" }))).toMatchObject({ reason: "AUTHENTICATION_POLICY_INVALID" });
  await update({ termsVersion: "" });
});

test("what was accepted is in the person's archive, and goes with them", async () => {
  const { f, afterPassword, decide, kept, told } = await withTerms();
  await decide((await afterPassword())?.id ?? "", true);
  const archive = JSON.stringify(await personalData(f.data, personalCollections, f.ana.id));
  expect(archive).toContain("2026-11");
  const erased = {
    tenantId: "t1",
    event: { payload: { case: "userErased" }, requestId: "", resourceId: f.ana.id },
  } as unknown as Parameters<ReturnType<typeof finishErasure>>[0];
  await finishErasure(f.dependencies)(erased);
  await finishErasure(f.dependencies)(erased);
  expect(await kept()).toBeUndefined();
  expect(await told()).toMatchObject([{ version: "2026-11" }, { version: "" }]);
});

describe("whoever opens an account", () => {
  async function withLink() {
    const more = await withTerms("1", { signUpAllowed: true });
    const { f } = more;
    await startSignUp(f.dependencies)(create(StartSignUpRequestSchema, { email: "bea@example.com" }), handlerContext());
    await f.sendMails();
    const token = /token=([\w-]+)/.exec(f.mails.at(-1)?.text ?? "")?.[1] ?? "";
    const confirm = (termsVersion: string) =>
      confirmSignUp(f.dependencies)(
        create(ConfirmSignUpRequestSchema, { token, password: "the password of bea", termsVersion }),
        handlerContext(),
      );
    return { ...more, confirm };
  }

  test("accepts them there, and is not asked again", async () => {
    const { f, confirm } = await withLink();
    for (const other of ["", "0"]) {
      expect(await refusal(confirm(other))).toMatchObject({ reason: "TERMS_NOT_ACCEPTED" });
    }
    expect(f.people.has("bea@example.com")).toBe(false);
    const { userId } = await confirm("1");
    expect((await f.data.get(acceptedTerms, userId))?.record).toMatchObject({ version: "1", uri });
    expect((await f.attempt("bea@example.com", "the password of bea")).flow?.state).toBe(FlowState.COMPLETED);
  });

  test("A24: accepts nothing for an account that somebody else opened by the link", async () => {
    const { f, confirm } = await withLink();
    f.meanwhile.openAccount = () => {
      throw new Error("crash");
    };
    await expect(confirm("1")).rejects.toThrow("internal error");
    delete f.meanwhile.openAccount;
    const settled = await Promise.allSettled(Array.from({ length: 5 }, () => confirm("1")));
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect((await f.events()).filter(({ payload }) => payload.case === "acceptedTermsChanged")).toHaveLength(1);
  });
});
