import { create, toBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { FlowSchema } from "#gen/koder/auth/store/v1/flow_pb.ts";
import { AuthenticationPolicySchema } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { UpdateAuthenticationPolicyRequestSchema } from "#gen/koder/auth/v1/authentication_policy_service_pb.ts";
import {
  GetFlowRequestSchema,
  GetPasskeyOptionsRequestSchema,
  GiveNewPasswordRequestSchema,
  GivePasskeyRequestSchema,
  GivePasswordRequestSchema,
  GiveRecoveryCodeRequestSchema,
  GiveTotpRequestSchema,
  StartFlowRequestSchema,
} from "#gen/koder/auth/v1/flow_service_pb.ts";
import { FlowState, FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { RedeemLoginHandleRequestSchema } from "#gen/koder/auth/v1/login_handle_internal_pb.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { refusal } from "../auth-fixture.ts";
import type { AttemptPolicy } from "../attempts.ts";
import { loginHandles } from "../collections.ts";
import { factorFixture } from "../factors/factor-fixture.ts";
import { updateAuthenticationPolicy } from "../policy/update-authentication-policy.ts";
import {
  getFlow,
  getPasskeyOptions,
  giveNewPassword,
  givePasskey,
  givePassword,
  giveRecoveryCode,
  giveTotp,
} from "./direct-steps.ts";
import { redeemLoginHandle } from "./redeem-login-handle.ts";
import { startFlow } from "./start-flow.ts";

async function setUp(attempts: Partial<AttemptPolicy> = {}) {
  const f = await factorFixture(attempts);
  const { dependencies } = f;
  const allow = (...clientIds: string[]) => {
    const clientOverrides = clientIds.map((clientId) => ({ clientId, directFlows: true }));
    const policy = create(AuthenticationPolicySchema, { clientOverrides });
    const request = create(UpdateAuthenticationPolicyRequestSchema, {
      policy,
      updateMask: { paths: ["client_overrides"] },
    });
    return updateAuthenticationPolicy(dependencies)(request, handlerContext());
  };
  await allow("app");
  const context = handlerContext();
  const flowOf = <Answer extends { flow?: unknown }>({ flow }: Answer) => flow as NonNullable<Answer["flow"]>;
  return {
    f,
    allow,
    start: async (username = "ana", clientId = "app", acrValues: string[] = []) =>
      flowOf(await startFlow(dependencies)(create(StartFlowRequestSchema, { clientId, username, acrValues }), context)),
    get: async (flowId: string) =>
      flowOf(await getFlow(dependencies)(create(GetFlowRequestSchema, { flowId }), context)),
    password: async (flowId: string, password: string) =>
      flowOf(await givePassword(dependencies)(create(GivePasswordRequestSchema, { flowId, password }), context)),
    newPassword: async (flowId: string, newPassword: string) =>
      flowOf(
        await giveNewPassword(dependencies)(create(GiveNewPasswordRequestSchema, { flowId, newPassword }), context),
      ),
    passkeyOptions: async (flowId: string) => {
      const request = create(GetPasskeyOptionsRequestSchema, { flowId });
      return (await getPasskeyOptions(dependencies)(request, context)).optionsJson;
    },
    passkey: async (flowId: string, credentialJson: string) =>
      flowOf(await givePasskey(dependencies)(create(GivePasskeyRequestSchema, { flowId, credentialJson }), context)),
    totp: async (flowId: string, code: string) =>
      flowOf(await giveTotp(dependencies)(create(GiveTotpRequestSchema, { flowId, code }), context)),
    recoveryCode: async (flowId: string, code: string) =>
      flowOf(await giveRecoveryCode(dependencies)(create(GiveRecoveryCodeRequestSchema, { flowId, code }), context)),
    redeem: async (loginHandle: string, clientId = "app") => {
      const request = create(RedeemLoginHandleRequestSchema, { loginHandle, clientId });
      return (await redeemLoginHandle(dependencies)(request, context)).sessionToken;
    },
  };
}

test("A33: a flow comes to a login handle, and begins no session until its client shows it", async () => {
  const { f, start, get, password, redeem } = await setUp();
  const { id, nextSteps } = await start();
  expect(nextSteps).toEqual([FlowStep.PASSWORD, FlowStep.PASSKEY]);
  const done = await password(id, f.ana.password);
  expect(done).toMatchObject({ state: FlowState.COMPLETED, nextSteps: [] });
  expect(done.loginHandle).toMatch(/^klh_[A-Za-z0-9_-]{43}$/);
  expect(f.sessions).toHaveLength(0);
  expect((await get(id)).loginHandle, "it is told once").toBe("");
  expect(await refusal(password(id, f.ana.password))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });

  expect(await redeem(done.loginHandle)).toBe("ksn_1");
  expect(f.sessions[0]).toMatchObject({
    userId: f.ana.id,
    amr: ["pwd"],
    acr: "urn:koder:acr:1fa",
    userEpoch: 7n,
    remoteAddress: "192.0.2.1",
    previousSessionToken: "",
  });
});

test("A33: the handle is its client's, once, for a minute, and as long as the client may run flows", async () => {
  const { f, allow, start, password, redeem } = await setUp();
  await allow("app", "other");
  const handle = async () => (await password((await start()).id, f.ana.password)).loginHandle;
  const first = await handle();
  expect(await redeem(first, "other")).toBe("");
  for (const wrong of ["", "klh_", `${first}x`, first.slice(1)]) expect(await redeem(wrong)).toBe("");
  const settled = await Promise.all(Array.from({ length: 10 }, () => redeem(first)));
  expect(settled.filter((token) => token !== "")).toHaveLength(1);
  expect(await redeem(first)).toBe("");

  const late = await handle();
  f.advance(60_000);
  expect(await redeem(late)).toBe("");
  const void1 = await handle();
  await allow("other");
  expect(await redeem(void1)).toBe("");
  expect(f.sessions).toHaveLength(1);
});

test("A33: who may not run flows starts none", async () => {
  const { start } = await setUp();
  expect(await refusal(start("ana", "other"))).toMatchObject({ reason: "DIRECT_FLOWS_NOT_ALLOWED" });
});

test("A2, A33: a browser's flow is nobody's who has its id only, and a flow of a client ends in no browser", async () => {
  const { f, start, get, password, totp } = await setUp();
  const { secret } = await f.app();
  const browsers = await f.atSecondFactor();
  expect(await refusal(totp(browsers.id, f.codeOf(secret)))).toMatchObject({ reason: "FLOW_NOT_FOUND" });
  expect(await refusal(get(browsers.id))).toMatchObject({ reason: "FLOW_NOT_FOUND" });
  const { id } = await start();
  await password(id, f.ana.password);
  for (const browser of [{}, { browserToken: "" }]) {
    expect(await refusal(f.submitTotp(id, f.codeOf(secret), browser))).toMatchObject({ reason: "FLOW_NOT_FOUND" });
  }
});

test("A6: every step is asked as on the pages: second factor, then new password", async () => {
  const { f, start, password, totp, recoveryCode, newPassword, redeem } = await setUp();
  const { secret } = await f.app();
  const [code = ""] = await f.generateCodes();
  f.ana.passwordChangeRequired = true;
  const { id } = await start();
  for (const early of [
    totp(id, f.codeOf(secret)),
    recoveryCode(id, code),
    newPassword(id, "the next password of ana"),
  ]) {
    expect(await refusal(early), "before the first factor").toMatchObject({ reason: "STEP_NOT_EXPECTED" });
  }
  await refusal(password(id, "wrong"));
  expect(await refusal(totp(id, f.codeOf(secret)))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
  const asked = await password(id, f.ana.password);
  expect(asked).toMatchObject({ state: FlowState.MFA_REQUIRED, loginHandle: "" });
  expect(asked.nextSteps).toEqual([FlowStep.TOTP, FlowStep.RECOVERY_CODE]);
  expect(await refusal(newPassword(id, "the next password of ana"))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
  expect(await refusal(totp(id, "000000"))).toMatchObject({ reason: "CODE_MISMATCH" });
  expect((await totp(id, f.codeOf(secret))).nextSteps).toEqual([FlowStep.NEW_PASSWORD]);
  const done = await newPassword(id, "the next password of ana");
  expect(await redeem(done.loginHandle)).toBe("ksn_1");
  expect(f.sessions[0]).toMatchObject({ amr: ["pwd", "otp", "mfa"], acr: "urn:koder:acr:mfa", userEpoch: 8n });

  const again = await start();
  await password(again.id, "the next password of ana");
  expect((await recoveryCode(again.id, code)).loginHandle).toMatch(/^klh_/);
});

test("A7, A23: guesses are counted with those on the pages, and unknown names are answered like known ones", async () => {
  const { f, start, password } = await setUp();
  const wrong = async (name: string) => refusal(password((await start(name)).id, "wrong"));
  expect(await wrong("ana")).toEqual(await wrong("nobody"));
  for (let i = 0; i < 4; i++) await refusal(f.attempt("ana", "wrong"));
  expect(await wrong("ana")).toMatchObject({ reason: "TOO_MANY_ATTEMPTS" });
});

test("A29: handles are kept as keyed hashes, and no event has one", async () => {
  const { f, start, password } = await setUp();
  const { loginHandle } = await password((await start()).id, f.ana.password);
  const [kept] = (await f.data.page(loginHandles, { index: "id", limit: 10 })).items;
  expect(kept?.record.handleHash).toMatch(/^k1:[A-Za-z0-9_-]{43}$/);
  const told = JSON.stringify(await f.events(), (_key, value: unknown) => (typeof value === "bigint" ? "" : value));
  expect(told).not.toContain(loginHandle);
});

test("without a name a flow waits for a passkey, of whoever shows one", async () => {
  const { f, start, get, password, passkeyOptions, passkey, redeem } = await setUp();
  const { authenticator } = await f.passkey();
  const { id, nextSteps } = await start("");
  expect(nextSteps).toEqual([FlowStep.PASSKEY]);
  expect(await refusal(password(id, f.ana.password))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
  const options = await passkeyOptions(id);
  expect(JSON.parse(options)).toMatchObject({ allowCredentials: [], userVerification: "required" });
  expect(await passkeyOptions(id)).toBe(options);
  const unverified = authenticator.get(options, { userVerified: false });
  expect(await refusal(passkey(id, unverified))).toMatchObject({ reason: "PASSKEY_NOT_ACCEPTED" });
  const done = await passkey(id, authenticator.get(options));
  expect(done.state).toBe(FlowState.COMPLETED);
  expect(await refusal(passkey(id, authenticator.get(options)))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
  expect(await get(id)).toMatchObject({ loginHandle: "" });
  expect(await redeem(done.loginHandle)).toBe("ksn_1");
  expect(f.sessions[0]).toMatchObject({ userId: f.ana.id, amr: ["hwk", "user", "mfa"], acr: "urn:koder:acr:mfa" });
});

test("a passkey is a second factor there as well", async () => {
  const { f, start, password, passkeyOptions, passkey } = await setUp();
  const { authenticator } = await f.passkey({ verifiesUser: false });
  const { id } = await start();
  expect(await password(id, f.ana.password)).toMatchObject({ nextSteps: [FlowStep.PASSKEY], loginHandle: "" });
  expect((await passkey(id, authenticator.get(await passkeyOptions(id)))).loginHandle).toMatch(/^klh_/);
});

const notAccepted = { reason: "PASSKEY_NOT_ACCEPTED" };

test("A23: for a name, its passkey will do as well as the password; no name is told from another", async () => {
  const { f, start, passkeyOptions, passkey } = await setUp();
  const { authenticator } = await f.passkey();
  const [ana, nobody] = [await start("ana"), await start("nobody")];
  for (const { nextSteps } of [ana, nobody]) expect(nextSteps).toEqual([FlowStep.PASSWORD, FlowStep.PASSKEY]);
  expect({ ...nobody, id: "" }).toEqual({ ...ana, id: "" });
  expect(nobody.id).toHaveLength(ana.id.length);
  const [mine, theirs] = [await passkeyOptions(ana.id), await passkeyOptions(nobody.id)];
  const nameless = (options: string) => ({ ...(JSON.parse(options) as Record<string, unknown>), challenge: "" });
  expect(nameless(mine)).toEqual(nameless(theirs));
  expect(await refusal(passkey(nobody.id, authenticator.get(theirs)))).toMatchObject(notAccepted);
  expect((await passkey(ana.id, authenticator.get(mine))).loginHandle).toMatch(/^klh_/);
});

test("A23: where somebody was named it is not told that a passkey is none of ours", async () => {
  const { f, start, passkeyOptions, passkey } = await setUp();
  const { authenticator, factor } = await f.passkey();
  for (const isRemoved of [false, true]) {
    if (isRemoved) await f.remove(factor.id);
    const { id } = await start("nobody");
    expect((await refusal(passkey(id, authenticator.get(await passkeyOptions(id))))).fieldReasons).toEqual([]);
  }
});

test("A24: what a passkey signed for one flow is nothing in another, nor at another step of its own", async () => {
  const { f, start, password, passkeyOptions, passkey } = await setUp();
  const { authenticator } = await f.passkey();
  const [one, two] = [await start(), await start()];
  const signed = authenticator.get(await passkeyOptions(one.id));
  expect(await refusal(passkey(two.id, signed))).toMatchObject(notAccepted);
  const offered = authenticator.get((await f.offerSignIn()).passkeyOptionsJson);
  expect(await refusal(passkey(two.id, offered))).toMatchObject(notAccepted);
  await password(one.id, f.ana.password);
  expect(await refusal(passkey(one.id, signed))).toMatchObject(notAccepted);
});

test("A14: a passkey of one person opens no flow of another", async () => {
  const { f, start, passkeyOptions, passkey } = await setUp();
  f.people.set("bob", { ...f.ana, id: "01JB0B00000000000000000000" });
  const { authenticator } = await f.passkey();
  const { id } = await start("bob");
  expect(await refusal(passkey(id, authenticator.get(await passkeyOptions(id))))).toMatchObject(notAccepted);
});

test("A6: a passkey that does not verify its user is no way around the password", async () => {
  const { f, start, passkeyOptions, passkey } = await setUp();
  const { authenticator } = await f.passkey({ verifiesUser: false });
  const { id } = await start();
  expect(await refusal(passkey(id, authenticator.get(await passkeyOptions(id))))).toMatchObject(notAccepted);
});

test("attempts at a name that nobody has are counted under it, however it is written", async () => {
  const { f, start } = await setUp();
  for (const name of ["Nobody", " nobody ", "nobody", "somebody"]) await start(name);
  const records = await f.keptFlows();
  expect(records.every(({ userId }) => userId === "")).toBe(true);
  expect(new Set(records.map(({ accountKey }) => accountKey)).size).toBe(2);
  expect(new Set(records.map(({ nameKey }) => nameKey)).size).toBe(2);
  expect(records.every(({ accountKey }) => /^k1:[A-Za-z0-9_-]{43}$/.test(accountKey))).toBe(true);
});

test("A23: attempts are seen under the name, not under whoever has it", async () => {
  const { f, start } = await setUp();
  for (const name of ["ana", "ANA", "ana@example.com"]) await start(name);
  const records = await f.keptFlows();
  expect(records.every(({ accountKey }) => accountKey === f.ana.id)).toBe(true);
  expect(new Set(records.map(({ nameKey }) => nameKey)).size).toBe(2);
  expect(records.every(({ nameKey }) => /^k1:[A-Za-z0-9_-]{43}$/.test(nameKey))).toBe(true);
});

test("A flow waits for ten minutes, kept as a keyed hash of its id; A27: one address cannot start them without end", async () => {
  const { f, start } = await setUp({ flowsPerAddress: 3 });
  const { id, expireTime } = await start();
  expect(Buffer.from(id, "base64url")).toHaveLength(16);
  expect(expireTime && timestampMs(expireTime)).toBe(f.dependencies.clock() + 600_000);
  const [record] = await f.keptFlows();
  if (record === undefined) throw new Error("no flow was kept");
  expect(Buffer.from(toBinary(FlowSchema, record)).toString("latin1")).not.toContain(id);
  expect((await f.events()).filter(({ resourceType }) => resourceType === "flow")).toMatchObject([
    { resourceId: record.idHash, payload: { case: "flowStarted" } },
  ]);
  for (let i = 0; i < 2; i++) await start();
  expect(await refusal(start())).toMatchObject({ reason: "TOO_MANY_ATTEMPTS", retryAfter: 600 });
  expect(await f.keptFlows()).toHaveLength(3);
});

test("a flow is completed once, also by the right password 10 times at once", async () => {
  const { f, start, password, redeem } = await setUp({ firstWaitAt: 100 });
  const { id } = await start();
  const settled = await Promise.allSettled(Array.from({ length: 10 }, () => password(id, f.ana.password)));
  const [done, ...others] = settled.filter((one) => one.status === "fulfilled");
  expect(others).toEqual([]);
  expect(await redeem(done?.value.loginHandle ?? "")).toBe("ksn_1");
  expect(await refusal(password(id, f.ana.password))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
});

test("A8: the lock is looked at with each password, not at the start of the flow", async () => {
  const { f, start, password } = await setUp();
  const { id } = await start();
  for (let i = 0; i < 5; i++) await refusal(f.attempt("ana", "wrong"));
  expect(await refusal(password(id, f.ana.password))).toMatchObject({ reason: "TOO_MANY_ATTEMPTS" });
  expect(f.sessions).toHaveLength(0);
});

test("A26: a flow is nobody's but its tenant's, and its own time's", async () => {
  const { f, start, password } = await setUp();
  const { id } = await start();
  const gone = { reason: "FLOW_NOT_FOUND" };
  const given = create(GivePasswordRequestSchema, { flowId: id, password: f.ana.password });
  const elsewhere = givePassword(f.dependencies)(given, handlerContext({ tenantId: "t2" }));
  expect(await refusal(elsewhere)).toMatchObject(gone);
  const [record] = await f.keptFlows();
  for (const other of [`${id}x`, id.slice(1), id.toLowerCase(), "", "x", record?.idHash ?? ""]) {
    expect(await refusal(password(other, f.ana.password))).toMatchObject(gone);
  }
  f.advance(600_000);
  expect(await refusal(password(id, f.ana.password))).toMatchObject(gone);
  expect(f.calls).toEqual([]);
});
