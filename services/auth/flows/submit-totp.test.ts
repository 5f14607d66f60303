import { timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { FlowState, FlowStep, type Flow } from "#gen/koder/auth/v1/flow_pb.ts";
import { refusal } from "../auth-fixture.ts";
import { factorFixture } from "../factors/factor-fixture.ts";

describe("a second factor", () => {
  test("A6: is asked for after the password, and both are what the session says", async () => {
    const f = await factorFixture();
    const { secret } = await f.app();
    const { flow, sessionToken } = await f.attempt("ana", f.ana.password);
    expect(flow).toMatchObject({ state: FlowState.MFA_REQUIRED, nextSteps: [FlowStep.TOTP] });
    expect(sessionToken).toBe("");
    expect(f.sessions).toHaveLength(0);

    f.advance(30_000);
    const done = await f.submitTotp(flow?.id ?? "", f.codeOf(secret), { sessionToken: "ksn_before" });
    expect(done.flow).toMatchObject({ state: FlowState.COMPLETED, nextSteps: [] });
    expect(done.sessionToken).toBe("ksn_1");
    const [session] = f.sessions;
    expect(session).toMatchObject({
      amr: ["pwd", "otp", "mfa"],
      acr: "urn:koder:acr:mfa",
      userEpoch: 7n,
      previousSessionToken: "ksn_before",
    });
    expect(session?.authTime && timestampMs(session.authTime)).toBe(f.dependencies.clock());
    expect(
      (await f.events()).filter(({ resourceType }) => resourceType === "flow").map(({ payload }) => payload),
    ).toEqual([
      expect.objectContaining({ value: expect.objectContaining({ state: "MFA_REQUIRED" }) }),
      expect.objectContaining({ value: expect.objectContaining({ state: "COMPLETED" }) }),
    ]);
  });

  test("is not asked of who has none, and their session says so", async () => {
    const f = await factorFixture();
    await f.attempt("ana", f.ana.password);
    expect(f.sessions[0]).toMatchObject({ amr: ["pwd"], acr: "urn:koder:acr:1fa" });
  });

  test("A23: no factor is named to a wrong password", async () => {
    const f = await factorFixture();
    await f.app();
    expect(await refusal(f.attempt("ana", "wrong"))).toEqual(await refusal(f.attempt("nobody", "wrong")));
  });

  test("A5: comes before a new password, which completes the flow with both factors", async () => {
    const f = await factorFixture();
    const { secret } = await f.app();
    f.ana.passwordChangeRequired = true;
    const { id } = await f.atSecondFactor();
    expect(await refusal(f.submitNew(id, "the next password of ana"))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
    const { flow, sessionToken } = await f.submitTotp(id, f.codeOf(secret));
    expect(flow).toMatchObject({ state: FlowState.PASSWORD_OK, nextSteps: [FlowStep.NEW_PASSWORD] });
    expect(sessionToken).toBe("");
    expect((await f.submitNew(id, "the next password of ana")).sessionToken).toBe("ksn_1");
    expect(f.sessions[0]).toMatchObject({ amr: ["pwd", "otp", "mfa"], userEpoch: 8n });
  });

  test("any of several apps will do", async () => {
    const f = await factorFixture();
    await f.app("phone");
    const { factorId, secret } = await f.app("tablet");
    const { id } = await f.atSecondFactor();
    await f.submitTotp(id, f.codeOf(secret));
    const used = (await f.list()).factors.filter(({ lastUseTime }) => lastUseTime !== undefined);
    expect(used.map((factor) => factor.id)).toEqual([factorId]);
  });

  test("A26: belongs to the browser that gave the password, and to the flow's ten minutes", async () => {
    const f = await factorFixture();
    const { secret } = await f.app();
    const { id } = await f.atSecondFactor();
    const other = { browserToken: "another-browser-token!" };
    expect(await refusal(f.submitTotp(id, f.codeOf(secret), other))).toMatchObject({ reason: "FLOW_NOT_FOUND" });
    f.advance(600_000);
    expect(await refusal(f.submitTotp(id, f.codeOf(secret)))).toMatchObject({ reason: "FLOW_NOT_FOUND" });
  });

  test("A8: is void once the user was voided since the password", async () => {
    const f = await factorFixture();
    const { secret } = await f.app();
    const { id } = await f.atSecondFactor();
    f.ana.epoch += 1n;
    expect(await refusal(f.submitTotp(id, f.codeOf(secret)))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
  });

  test("a crash before the session leaves nothing open, and the next code signs in", async () => {
    const f = await factorFixture();
    const { secret } = await f.app();
    const { id } = await f.atSecondFactor();
    f.meanwhile.createSession = () => Promise.reject(new Error("crash"));
    await expect(f.submitTotp(id, f.codeOf(secret))).rejects.toThrow("internal error");
    delete f.meanwhile.createSession;
    expect(await refusal(f.submitTotp(id, f.codeOf(secret, 1)))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
    const again = await f.atSecondFactor();
    expect((await f.submitTotp(again.id, f.codeOf(secret, 1))).sessionToken).toBe("ksn_1");
  });
});

describe("A24: a code is taken once", () => {
  test("not again, and none from before it, in whichever flow", async () => {
    const f = await factorFixture();
    const { secret } = await f.app();
    f.advance(60_000);
    await f.submitTotp((await f.atSecondFactor()).id, f.codeOf(secret));
    const { id } = await f.atSecondFactor();
    for (const steps of [0, -1]) {
      expect(await refusal(f.submitTotp(id, f.codeOf(secret, steps)))).toMatchObject({ reason: "CODE_MISMATCH" });
    }
    expect((await f.submitTotp(id, f.codeOf(secret, 1))).sessionToken).toBe("ksn_2");
  });

  test("the code that confirmed the app signs nobody in", async () => {
    const f = await factorFixture();
    const { factorId, secret } = await f.enrol();
    await f.confirm(factorId, f.codeOf(secret));
    const { id } = await f.atSecondFactor();
    expect(await refusal(f.submitTotp(id, f.codeOf(secret)))).toMatchObject({ reason: "CODE_MISMATCH" });
  });

  test("one of 20 flows at once gets a session for it", async () => {
    const f = await factorFixture({ firstWaitAt: 1_000 });
    const { secret } = await f.app();
    const flows = await Promise.all(Array.from({ length: 20 }, () => f.atSecondFactor()));
    const code = f.codeOf(secret);
    const settled = await Promise.allSettled(flows.map(({ id }) => f.submitTotp(id, code)));
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(f.sessions).toHaveLength(1);
  });
});

describe("A7: guesses", () => {
  test("are counted before they are verified, apart from those at the password, and right ones end the row", async () => {
    const f = await factorFixture();
    const { secret } = await f.app();
    const { id } = await f.atSecondFactor();
    for (let i = 0; i < 5; i++) {
      expect(await refusal(f.submitTotp(id, "000000"))).toMatchObject({ reason: "CODE_MISMATCH" });
    }
    expect(await refusal(f.submitTotp(id, f.codeOf(secret)))).toMatchObject({
      reason: "TOO_MANY_ATTEMPTS",
      retryAfter: 1,
    });
    // A right password once more gives no more guesses.
    const again = await f.atSecondFactor();
    expect(await refusal(f.submitTotp(again.id, f.codeOf(secret)))).toMatchObject({ reason: "TOO_MANY_ATTEMPTS" });
    f.advance(2_000);
    expect((await f.submitTotp(again.id, f.codeOf(secret))).sessionToken).toBe("ksn_1");
  });

  test("100 at once over 100 flows: five are verified", async () => {
    const f = await factorFixture({ perAddress: 1e9 });
    const { secret } = await f.app();
    const flows: Flow[] = [];
    for (let i = 0; i < 100; i++) flows.push(await f.atSecondFactor());
    const answers = await Promise.all(flows.map(({ id }) => refusal(f.submitTotp(id, "000000"))));
    expect(answers.filter(({ reason }) => reason === "CODE_MISMATCH")).toHaveLength(5);
    expect(answers.filter(({ reason }) => reason === "TOO_MANY_ATTEMPTS")).toHaveLength(95);
    const [flow] = flows;
    expect(await refusal(f.submitTotp(flow?.id ?? "", f.codeOf(secret)))).toMatchObject({
      reason: "TOO_MANY_ATTEMPTS",
    });
  });
});
