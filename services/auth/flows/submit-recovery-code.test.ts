import { expect, test } from "vitest";
import { FlowState, FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { refusal } from "../auth-fixture.ts";
import { recoveryCodes } from "../collections.ts";
import { factorFixture } from "../factors/factor-fixture.ts";

const withCodes = async () => {
  const f = await factorFixture({ firstWaitAt: 1_000 });
  const { secret } = await f.app();
  const codes = await f.generateCodes();
  const code = (at: number) => codes[at] ?? "";
  return { f, secret, codes, code };
};

test("a recovery code stands in for the app, however it is typed, once", async () => {
  const { f, code } = await withCodes();
  const flow = await f.atSecondFactor();
  expect(flow).toMatchObject({ state: FlowState.MFA_REQUIRED, nextSteps: [FlowStep.TOTP, FlowStep.RECOVERY_CODE] });
  const done = await f.submitRecoveryCode(flow.id, ` ${code(0).toLowerCase().replace("-", " ")}`);
  expect(done).toMatchObject({ flow: { state: FlowState.COMPLETED }, sessionToken: "ksn_1" });
  expect(f.sessions[0]).toMatchObject({ amr: ["pwd", "otp", "mfa"], acr: "urn:koder:acr:mfa" });
  expect((await f.list()).recoveryCodesLeft).toBe(9);
  const again = await f.atSecondFactor();
  expect(await refusal(f.submitRecoveryCode(again.id, code(0)))).toMatchObject({ reason: "CODE_MISMATCH" });
  expect((await f.submitRecoveryCode(again.id, code(1))).sessionToken).toBe("ksn_2");
  const told = (await f.events()).filter(({ resourceType }) => resourceType === "recovery_codes");
  expect(told.map(({ payload, resourceVersion }) => [payload.case, resourceVersion])).toEqual([
    ["recoveryCodesChanged", 1n],
    ["recoveryCodeUsed", 2n],
    ["recoveryCodeUsed", 3n],
  ]);
});

test("ten codes, kept as keyed hashes only; new ones void those from before", async () => {
  const { f, codes, code } = await withCodes();
  expect(new Set(codes).size).toBe(10);
  const stored = (await f.data.get(recoveryCodes, f.ana.id))?.record.codeHashes ?? [];
  expect(stored).toHaveLength(10);
  for (const hash of stored) expect(hash).toMatch(/^k1:[A-Za-z0-9_-]{43}$/);
  const fresh = await f.generateCodes();
  const { id } = await f.atSecondFactor();
  expect(await refusal(f.submitRecoveryCode(id, code(0)))).toMatchObject({ reason: "CODE_MISMATCH" });
  expect((await f.submitRecoveryCode(id, fresh[0] ?? "")).sessionToken).toBe("ksn_1");
});

test("A24: one code in 20 flows at once gives one session, ten codes in ten flows at once give ten", async () => {
  const { f, codes, code } = await withCodes();
  const flows = await Promise.all(Array.from({ length: 20 }, () => f.atSecondFactor()));
  const settled = await Promise.allSettled(flows.map(({ id }) => f.submitRecoveryCode(id, code(0))));
  expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  const others = await Promise.all(codes.slice(1).map(() => f.atSecondFactor()));
  await Promise.all(others.map(({ id }, at) => f.submitRecoveryCode(id, code(at + 1))));
  expect(f.sessions).toHaveLength(10);
  expect((await f.list()).recoveryCodesLeft).toBe(0);
  expect((await f.atSecondFactor()).nextSteps).toEqual([FlowStep.TOTP]);
});

test("A24: a code is not used up by a flow that moved on without it", async () => {
  const { f, secret, code } = await withCodes();
  const { id } = await f.atSecondFactor();
  await f.submitTotp(id, f.codeOf(secret));
  expect(await refusal(f.submitRecoveryCode(id, code(0)))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
  expect((await f.list()).recoveryCodesLeft).toBe(10);
});

test("codes alone are no second factor: who has no app is asked for none", async () => {
  const f = await factorFixture();
  await f.generateCodes();
  expect((await f.attempt("ana", f.ana.password)).sessionToken).toBe("ksn_1");
});
