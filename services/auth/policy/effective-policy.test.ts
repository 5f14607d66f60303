import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, durationMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AuthenticationPolicySchema,
  MfaRequirement,
  SignInFactor,
} from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import {
  GetAuthenticationPolicyRequestSchema,
  UpdateAuthenticationPolicyRequestSchema,
} from "#gen/koder/auth/v1/authentication_policy_service_pb.ts";
import { FlowState, FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { CheckSignInRequestSchema } from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import { softwareAuthenticator } from "../../../tests/support/software-authenticator.ts";
import type { Call } from "../../host/call.ts";
import { handlerContext, testCall } from "../../host/testing/handler-context.ts";
import { refusal } from "../auth-fixture.ts";
import { acme, factorFixture } from "../factors/factor-fixture.ts";
import { checkSignIn } from "./check-sign-in.ts";
import { beginFlow } from "../flows/begin-flow.ts";
import {
  everyFirstFactor,
  everySecondFactor,
  strictest,
  type MoreRules,
  type SignInRules,
} from "./effective-policy.ts";
import { getAuthenticationPolicy } from "./get-authentication-policy.ts";
import { updateAuthenticationPolicy } from "./update-authentication-policy.ts";

const { NEVER, OPTIONAL, REQUIRED } = MfaRequirement;
const { PASSWORD, PASSKEY, TOTP, EMAIL_OTP, RECOVERY_CODE } = SignInFactor;
const day = 86_400_000;
const [staff, admins] = ["01JSTAFF000000000000000000", "01JADMINS00000000000000000"];

async function setUp(policy: MessageInitShape<typeof AuthenticationPolicySchema> = {}, paths: string[] = []) {
  const f = await factorFixture();
  f.groups.push({ id: staff, name: "Staff" }, { id: admins, name: "Admins" });
  const update = async (values: typeof policy, of: string[]) =>
    (
      await updateAuthenticationPolicy(f.dependencies)(
        create(UpdateAuthenticationPolicyRequestSchema, { policy: values, updateMask: { paths: of } }),
        handlerContext(),
      )
    ).policy;
  if (paths.length > 0) await update(policy, paths);
  const attempt = (clientId = "") => f.attempt("ana", f.ana.password, {}, { clientId });
  return { f, update, attempt };
}

/** By what a flow outside of a browser may begin. */
const beginning = async (
  { dependencies }: Pick<Awaited<ReturnType<typeof factorFixture>>, "dependencies">,
  username: string,
  clientId = "",
) => (await beginFlow(dependencies, testCall(), { username, clientId, acrValues: [] })).nextSteps;

describe("the strictest of several", () => {
  const usual: SignInRules = {
    mfa: OPTIONAL,
    firstFactors: everyFirstFactor,
    secondFactors: everySecondFactor,
    rememberedFor: 7 * day,
    sessionLifetime: day,
    idleLifetime: undefined,
    verifiedEmail: false,
  };
  const some = (of: ReadonlySet<SignInFactor>) => fc.subarray([...of], { minLength: 1 }).map((list) => new Set(list));
  const more: fc.Arbitrary<MoreRules> = fc.record(
    {
      mfa: fc.constantFrom(NEVER, OPTIONAL, REQUIRED),
      firstFactors: some(everyFirstFactor),
      secondFactors: some(everySecondFactor),
      rememberedFor: fc.integer({ min: 0, max: 30 * day }),
      sessionLifetime: fc.integer({ min: 300_000, max: 400 * day }),
      idleLifetime: fc.integer({ min: 300_000, max: 90 * day }),
    },
    { requiredKeys: [] },
  );

  test("asks for no less than any of them, in whichever order", () => {
    fc.assert(
      fc.property(fc.array(more, { maxLength: 5 }), (all) => {
        const rules = strictest(usual, ...all);
        expect(strictest(usual, ...all.toReversed())).toEqual(rules);
        for (const one of [usual, ...all]) {
          expect(rules.mfa).toBeGreaterThanOrEqual(one.mfa ?? 0);
          expect(rules.firstFactors.isSubsetOf(one.firstFactors ?? everyFirstFactor)).toBe(true);
          expect(rules.secondFactors.isSubsetOf(one.secondFactors ?? everySecondFactor)).toBe(true);
          expect(rules.rememberedFor).toBeLessThanOrEqual(one.rememberedFor ?? Infinity);
          expect(rules.sessionLifetime).toBeLessThanOrEqual(one.sessionLifetime ?? Infinity);
          expect(rules.idleLifetime ?? Infinity).toBeLessThanOrEqual(one.idleLifetime ?? Infinity);
        }
      }),
    );
  });
});

describe("of a group", () => {
  const overrides = {
    groupOverrides: [
      { groupName: "staff", sessionLifetime: durationFromMs(day / 4) },
      {
        groupId: admins,
        mfa: REQUIRED,
        sessionLifetime: durationFromMs(day / 3),
        sessionIdleLifetime: durationFromMs(600_000),
      },
    ],
  };

  test("more is asked of those in it, and of nobody else; of those in several the strictest", async () => {
    const { f, attempt } = await setUp(overrides, ["group_overrides"]);
    expect((await attempt()).flow?.state).toBe(FlowState.COMPLETED);
    f.groupsOf.set(f.ana.id, [staff]);
    expect((await attempt()).flow?.state).toBe(FlowState.COMPLETED);
    expect(f.sessions.map(({ lifetime }) => lifetime && durationMs(lifetime))).toEqual([day / 2, day / 4]);
    f.groupsOf.set(f.ana.id, [admins, staff]);
    const { flow } = await attempt();
    expect(flow).toMatchObject({
      state: FlowState.PASSWORD_OK,
      nextSteps: [FlowStep.ENROL_TOTP, FlowStep.ENROL_PASSKEY, FlowStep.ENROL_SMS_OTP, FlowStep.ENROL_EMAIL_OTP],
    });
    await f.offerTotp(flow?.id ?? "");
  });

  test("a session of before is not enough for them, whichever client it is", async () => {
    const { f } = await setUp(overrides, ["group_overrides"]);
    const isEnough = async () => {
      const request = create(CheckSignInRequestSchema, { userId: f.ana.id, acr: "urn:koder:acr:1fa", clientId: "app" });
      return (await checkSignIn(f.dependencies)(request, handlerContext())).sufficient;
    };
    expect(await isEnough()).toBe(true);
    f.groupsOf.set(f.ana.id, [admins]);
    expect(await isEnough()).toBe(false);
  });

  test("groups are named by id or by name, shown with both, and not shown when they are gone", async () => {
    const { f, update } = await setUp(overrides, ["group_overrides"]);
    const shown = async () => {
      const request = create(GetAuthenticationPolicyRequestSchema);
      const { policy } = await getAuthenticationPolicy(f.dependencies)(request, handlerContext());
      return policy?.groupOverrides.map(({ groupId, groupName }) => [groupId, groupName]);
    };
    expect(await shown()).toEqual([
      [staff, "Staff"],
      [admins, "Admins"],
    ]);
    f.groups.splice(0, 1);
    expect(await shown()).toEqual([[admins, "Admins"]]);
    for (const wrong of [{ groupName: "nobody" }, { groupId: staff }, {}, { groupId: admins, groupName: "Staff" }]) {
      const refused = await refusal(update({ groupOverrides: [wrong] }, ["group_overrides"]));
      expect(refused).toMatchObject({ reason: "AUTHENTICATION_POLICY_INVALID" });
      expect(refused.message).toMatch(/^group_overrides/);
    }
    const twice = update({ groupOverrides: [{ groupId: admins }, { groupName: "Admins" }] }, ["group_overrides"]);
    expect(await refusal(twice)).toMatchObject({ message: expect.stringContaining("each group once") as string });
  });

  test("A23: nothing is asked about groups before the password was right", async () => {
    const { f } = await setUp({ groupOverrides: [{ groupId: admins, firstFactors: [PASSKEY] }] }, ["group_overrides"]);
    f.groupsOf.set(f.ana.id, [admins]);
    expect(await beginning(f, "ana")).toEqual(await beginning(f, "nobody"));
    // The right password of somebody whose group has none is answered like a wrong one.
    const [right, wrong] = [refusal(f.attempt("ana", f.ana.password)), refusal(f.attempt("ana", "wrong"))];
    expect(await right).toEqual(await wrong);
    expect(f.sessions).toEqual([]);
  });
});

describe("of a client", () => {
  test("more is asked for, and never less", async () => {
    const { f, update, attempt } = await setUp(
      { mfa: REQUIRED, clientOverrides: [{ clientId: "lunch", mfa: NEVER }] },
      ["mfa", "client_overrides"],
    );
    expect((await attempt("lunch")).flow?.state).toBe(FlowState.PASSWORD_OK);
    await update({ mfa: NEVER, clientOverrides: [{ clientId: "vault", mfa: REQUIRED }] }, ["mfa", "client_overrides"]);
    expect((await attempt("lunch")).flow?.state).toBe(FlowState.COMPLETED);
    expect((await attempt("vault")).flow?.state).toBe(FlowState.PASSWORD_OK);
    expect(f.sessions).toHaveLength(1);
  });

  test("a sign-in counts for as long as it says, while the session goes on", async () => {
    const { f } = await setUp({ clientOverrides: [{ clientId: "bank", sessionLifetime: durationFromMs(300_000) }] }, [
      "client_overrides",
    ]);
    await f.attempt("ana", f.ana.password, {}, { clientId: "bank" });
    expect(f.sessions[0]?.lifetime && durationMs(f.sessions[0].lifetime)).toBe(day / 2);
    const authTime = timestampFromMs(f.dependencies.clock());
    const isEnough = async (clientId: string, acr = "urn:koder:acr:1fa") => {
      const request = create(CheckSignInRequestSchema, { userId: f.ana.id, acr, clientId, authTime });
      return (await checkSignIn(f.dependencies)(request, handlerContext())).sufficient;
    };
    f.advance(299_999);
    expect(await isEnough("bank")).toBe(true);
    f.advance(1);
    expect(await isEnough("bank")).toBe(false);
    expect(await isEnough("bank", "urn:koder:acr:mfa")).toBe(false);
    expect(await isEnough("other")).toBe(true);
  });

  test("a session counts for as long as it is used, while it goes on elsewhere; that is asked only when it could be over", async () => {
    const idle = durationFromMs(300_000);
    const { f } = await setUp({ clientOverrides: [{ clientId: "bank", sessionIdleLifetime: idle }] }, [
      "client_overrides",
    ]);
    await f.attempt("ana", f.ana.password, {}, { clientId: "bank" });
    expect(f.sessions[0]?.idleLifetime, "others are content with it").toBeUndefined();
    const authTime = timestampFromMs(f.dependencies.clock());
    const isEnough = async (clientId: string, sessionId = "01JSESS0000000000000000000") => {
      const asked = { userId: f.ana.id, acr: "urn:koder:acr:mfa", clientId, authTime, sessionId };
      const request = create(CheckSignInRequestSchema, asked);
      return (await checkSignIn(f.dependencies)(request, handlerContext())).sufficient;
    };
    f.advance(299_999);
    expect(await isEnough("bank")).toBe(true);
    expect(f.calls.filter((call) => call.startsWith("getSessionUse"))).toEqual([]);
    f.used.at = f.dependencies.clock();
    f.advance(299_999);
    expect(await isEnough("bank")).toBe(true);
    expect(await isEnough("bank", "")).toBe(false);
    f.advance(1);
    expect([await isEnough("bank"), await isEnough("other")]).toEqual([false, true]);
    delete f.used.at;
    expect(await isEnough("bank"), "it is over").toBe(false);
  });

  test("a way to begin that it does not allow is not offered, to anybody", async () => {
    const { f } = await setUp({ clientOverrides: [{ clientId: "bank", firstFactors: [PASSKEY] }] }, [
      "client_overrides",
    ]);
    const options = expect.stringContaining('"challenge"') as string;
    expect(await f.offerSignIn("bank")).toMatchObject({ password: false, passkeyOptionsJson: options });
    expect(await f.offerSignIn("other")).toMatchObject({ password: true, passkeyOptionsJson: options });
    for (const name of ["ana", "nobody"]) {
      expect(await beginning(f, name, "bank")).toEqual([FlowStep.PASSKEY]);
      const attempt = f.attempt(name, f.ana.password, {}, { clientId: "bank" });
      expect(await refusal(attempt)).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
    }
  });
});

describe("A15: a factor that is not allowed", () => {
  const notAllowed = { reason: "FACTOR_NOT_ALLOWED" };

  test("is neither asked for nor taken, even if it was added before; one that is left is", async () => {
    const { f, update } = await setUp();
    const { secret } = await f.app();
    const codes = await f.generateCodes();
    const { authenticator } = await f.passkey();
    const before = await f.atSecondFactor();
    expect(before.nextSteps).toEqual([FlowStep.PASSKEY, FlowStep.TOTP, FlowStep.RECOVERY_CODE]);
    await update({ secondFactors: [PASSKEY] }, ["second_factors"]);
    expect(await refusal(f.submitTotp(before.id, f.codeOf(secret)))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
    expect(await refusal(f.submitRecoveryCode(before.id, codes[0] ?? ""))).toMatchObject({
      reason: "STEP_NOT_EXPECTED",
    });
    const flow = await f.atSecondFactor();
    expect(flow.nextSteps).toEqual([FlowStep.PASSKEY]);
    const shown = authenticator.get(await f.offerPasskey(flow.id));
    expect((await f.submitPasskey(flow.id, shown)).flow?.state).toBe(FlowState.COMPLETED);
  });

  test("speaks for whoever has no other, and counts as none: they show it, and add one that is allowed where one is required", async () => {
    const { f, update } = await setUp();
    const { secret } = await f.app();
    await update({ secondFactors: [EMAIL_OTP, PASSKEY] }, ["second_factors"]);
    const optional = await f.atSecondFactor();
    expect(optional).toMatchObject({ state: FlowState.MFA_REQUIRED, nextSteps: [FlowStep.TOTP] });
    expect((await f.submitTotp(optional.id, f.codeOf(secret))).flow?.state).toBe(FlowState.COMPLETED);
    await update({ mfa: REQUIRED }, ["mfa"]);
    const { id, nextSteps } = await f.atSecondFactor();
    expect(nextSteps).toEqual([FlowStep.TOTP]);
    expect(await refusal(f.offerNewPasskey(id))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
    const { flow } = await f.submitTotp(id, f.codeOf(secret, 1));
    expect(flow).toMatchObject({
      state: FlowState.PASSWORD_OK,
      nextSteps: [FlowStep.ENROL_PASSKEY, FlowStep.ENROL_EMAIL_OTP],
    });
    expect(await refusal(f.offerTotp(id))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
    const made = softwareAuthenticator({ origin: acme.origin }).create(await f.offerNewPasskey(id));
    expect((await f.acceptPasskey(id, made)).flow?.state).toBe(FlowState.COMPLETED);
    expect(f.sessions.at(-1)).toMatchObject({ amr: ["pwd", "otp", "mfa", "hwk", "user"] });
  });

  test("a passkey of a host that the tenant had before leaves nobody to the password alone", async () => {
    const { f, update } = await setUp();
    await f.passkey();
    const tenant = await f.dependencies.tenants.get({ tenantId: "t1" } as Call);
    tenant.canonicalOrigin = "https://login.acme.test";
    for (const mfa of [OPTIONAL, REQUIRED]) {
      await update({ mfa }, ["mfa"]);
      expect(await refusal(f.attempt("ana", f.ana.password))).toMatchObject(notAllowed);
    }
    const [code = ""] = await f.generateCodes();
    const flow = await f.atSecondFactor();
    expect(flow.nextSteps).toEqual([FlowStep.RECOVERY_CODE]);
    expect((await f.submitRecoveryCode(flow.id, code)).flow?.state).toBe(FlowState.COMPLETED);
  });

  test("is not added, and what was begun with it is not finished", async () => {
    const { f, update } = await setUp();
    const begun = await f.enrol();
    const key = await f.beginPasskey();
    await update({ secondFactors: [EMAIL_OTP] }, ["second_factors"]);
    expect(await refusal(f.confirm(begun.factorId, f.codeOf(begun.secret)))).toMatchObject(notAllowed);
    expect(await refusal(f.enrol())).toMatchObject(notAllowed);
    expect(await refusal(f.generateCodes())).toMatchObject(notAllowed);
    // In the place of the password it still is of use.
    await f.beginPasskey();
    await update({ firstFactors: [PASSWORD] }, ["first_factors"]);
    expect(await refusal(f.beginPasskey())).toMatchObject(notAllowed);
    expect(await refusal(f.finishPasskey(key.factorId, "{}"))).toMatchObject(notAllowed);
  });

  test("a passkey does not begin a sign-in where it may not, at whichever moment that was said", async () => {
    const { f, update } = await setUp();
    const { authenticator } = await f.passkey();
    const offered = (await f.offerSignIn()).passkeyOptionsJson;
    await update({ firstFactors: [PASSWORD] }, ["first_factors"]);
    expect(await refusal(f.submitPasskey("", authenticator.get(offered)))).toMatchObject({
      reason: "PASSKEY_NOT_ACCEPTED",
    });
    expect(await f.offerSignIn()).toMatchObject({ password: true, passkeyOptionsJson: "" });
    expect(await beginning(f, "ana")).toEqual([FlowStep.PASSWORD]);
    // As a second factor it is as good as ever.
    expect((await f.atSecondFactor()).nextSteps).toEqual([FlowStep.PASSKEY]);
  });

  test("recovery codes are not made where none is taken", async () => {
    const { f } = await setUp({ mfa: REQUIRED, secondFactors: [TOTP] }, ["mfa", "second_factors"]);
    const { flow } = await f.attempt("ana", f.ana.password);
    const { secret } = await f.offerTotp(flow?.id ?? "");
    const { recoveryCodes, sessionToken } = await f.acceptTotp(flow?.id ?? "", f.codeOf(secret));
    expect([recoveryCodes, sessionToken]).toEqual([[], "ksn_1"]);
    expect((await f.list()).recoveryCodesLeft).toBe(0);
  });

  test("a short password, where nothing can be added any more, is followed by a longer one", async () => {
    const { f } = await setUp({ secondFactors: [RECOVERY_CODE] }, ["second_factors"]);
    f.ana.secondFactorNeeded = true;
    const { flow } = await f.attempt("ana", f.ana.password);
    expect(flow?.nextSteps).toEqual([FlowStep.NEW_PASSWORD]);
    expect((await f.submitNew(flow?.id ?? "", "the longer password of ana")).flow?.state).toBe(FlowState.COMPLETED);
  });
});

describe("a policy by which nobody could sign in is refused, with the field that is wrong", () => {
  const passkeyAlone = { clientId: "bank", firstFactors: [PASSKEY] };
  test.each([
    ["first_factors", { firstFactors: [TOTP] }],
    ["second_factors", { secondFactors: [PASSWORD] }],
    ["first_factors", { firstFactors: [PASSKEY] }],
    ["first_factors", { firstFactors: [PASSKEY], signUpAllowed: true }],
    ["second_factors", { mfa: REQUIRED, secondFactors: [RECOVERY_CODE] }],
    [
      "client_overrides[0].second_factors",
      { clientOverrides: [{ clientId: "bank", mfa: REQUIRED }], secondFactors: [RECOVERY_CODE] },
    ],
    ["client_overrides[0].first_factors", { clientOverrides: [passkeyAlone], firstFactors: [PASSWORD] }],
    ["client_overrides[0].first_factors", { clientOverrides: [{ clientId: "bank", firstFactors: [TOTP] }] }],
    [
      "group_overrides[0].second_factors",
      { groupOverrides: [{ groupId: staff, mfa: REQUIRED, secondFactors: [RECOVERY_CODE] }] },
    ],
    [
      "client_overrides[0].first_factors",
      { clientOverrides: [passkeyAlone], groupOverrides: [{ groupId: staff, firstFactors: [PASSWORD] }] },
    ],
  ])("%s of %j", async (field, policy: MessageInitShape<typeof AuthenticationPolicySchema>) => {
    const { f, update } = await setUp();
    const paths = Object.keys(policy).map((name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
    const refused = await refusal(update(policy, paths));
    expect(refused.reason).toBe("AUTHENTICATION_POLICY_INVALID");
    expect(refused.message.startsWith(`${field}: `), refused.message).toBe(true);
    expect((await f.attempt("ana", f.ana.password)).sessionToken).not.toBe("");
  });

  test("passkeys alone are allowed as soon as somebody has one", async () => {
    const { f, update, attempt } = await setUp();
    const { authenticator } = await f.passkey();
    await update({ firstFactors: [PASSKEY] }, ["first_factors"]);
    expect(await refusal(attempt())).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
    const { sessionToken } = await f.submitPasskey("", authenticator.get((await f.offerSignIn()).passkeyOptionsJson));
    expect(sessionToken).not.toBe("");
  });
});
