import { toBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { FlowSchema } from "#gen/koder/auth/store/v1/flow_pb.ts";
import { FlowState, FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { aBrowser, authFixture, refusal } from "../auth-fixture.ts";
import { factorFixture } from "../factors/factor-fixture.ts";

describe("the right password", () => {
  test("completes the flow and begins a session that says what was proven", async () => {
    const f = await authFixture();
    const { flow, sessionToken } = await f.attempt("ana", f.ana.password, {
      sessionToken: "ksn_before",
      userAgent: "Test",
    });
    expect(flow).toMatchObject({ state: FlowState.COMPLETED, nextSteps: [] });
    expect(sessionToken).toBe("ksn_1");
    const [session] = f.sessions;
    expect(session).toMatchObject({
      userId: f.ana.id,
      amr: ["pwd"],
      userEpoch: 7n,
      remoteAddress: "192.0.2.1",
      userAgent: "Test",
      previousSessionToken: "ksn_before",
    });
    expect(session?.acr).not.toBe("");
    expect(session?.authTime && timestampMs(session.authTime)).toBe(f.dependencies.clock());
  });

  test("is asked for after the epoch was read, and the session begun after both", async () => {
    const f = await authFixture();
    await f.attempt("ana", f.ana.password);
    expect(f.calls).toEqual([`getUserEpoch ${f.ana.id}`, `verifyPassword ${f.ana.id}`, "createSession"]);
  });

  test("A3: a change of password while it is verified voids the session: it carries the epoch before", async () => {
    const f = await authFixture();
    f.meanwhile.verifyPassword = () => (f.ana.epoch += 1n);
    await f.attempt("ana", f.ana.password);
    expect(f.sessions[0]?.userEpoch).toBe(7n);
  });

  test("begins a flow that waits for what is left for ten minutes; id and browser are kept as keyed hashes only", async () => {
    const f = await factorFixture();
    await f.app();
    const { id, expireTime } = await f.atSecondFactor();
    expect(Buffer.from(id, "base64url")).toHaveLength(16);
    expect(expireTime && timestampMs(expireTime)).toBe(f.dependencies.clock() + 600_000);
    const [record] = await f.keptFlows();
    if (record === undefined) throw new Error("no flow was kept");
    expect(record).toMatchObject({ userId: f.ana.id, accountKey: f.ana.id, direct: false });
    const bytes = Buffer.from(toBinary(FlowSchema, record)).toString("latin1");
    expect(bytes).not.toContain(id);
    expect(bytes).not.toContain(aBrowser.browserToken);
  });

  test("A6: with a password to be changed it begins no session, and the next step is the new one", async () => {
    const f = await authFixture();
    f.ana.passwordChangeRequired = true;
    const { flow, sessionToken } = await f.attempt("ana", f.ana.password);
    expect(flow).toMatchObject({ state: FlowState.PASSWORD_OK, nextSteps: [FlowStep.NEW_PASSWORD] });
    expect(sessionToken).toBe("");
    expect(f.sessions).toHaveLength(0);
  });

  test("a crash before the session leaves nothing but signing in again", async () => {
    const f = await authFixture();
    f.meanwhile.createSession = () => Promise.reject(new Error("crash"));
    await expect(f.attempt("ana", f.ana.password)).rejects.toThrow("internal error");
    delete f.meanwhile.createSession;
    expect((await f.attempt("ana", f.ana.password)).sessionToken).toBe("ksn_1");
  });

  test("its events tell how far it came", async () => {
    const f = await authFixture();
    await f.attempt("ana", f.ana.password);
    // With nothing left to be done, that is all that is kept of it.
    expect(await f.keptFlows()).toEqual([]);
    expect(await f.events()).toMatchObject([
      { resourceVersion: 1n, payload: { case: "flowAdvanced", value: { state: "COMPLETED", userId: f.ana.id } } },
    ]);
  });
});

describe("a wrong password", () => {
  test("A23: has one answer for everybody, and leaves nothing behind", async () => {
    const f = await authFixture();
    const answer = await refusal(f.attempt("ana", "wrong"));
    expect(answer).toMatchObject({ reason: "PASSWORD_MISMATCH" });
    expect(await refusal(f.attempt("nobody", "wrong"))).toEqual(answer);
    expect(f.calls).toEqual([
      `getUserEpoch ${f.ana.id}`,
      `verifyPassword ${f.ana.id}`,
      "getUserEpoch ",
      "verifyPassword ",
    ]);
    expect(await f.keptFlows()).toEqual([]);
    expect(await f.events()).toEqual([]);
  });

  test("A7: is counted before it is verified, even when the verification never answers", async () => {
    const f = await authFixture();
    f.meanwhile.verifyPassword = () => Promise.reject(new Error("crash"));
    for (let i = 0; i < 5; i++) await f.attempt("ana", "wrong").catch(() => undefined);
    delete f.meanwhile.verifyPassword;
    expect(await refusal(f.attempt("ana", f.ana.password))).toMatchObject({
      reason: "TOO_MANY_ATTEMPTS",
      retryAfter: 1,
    });
  });

  test("A7: 100 guesses at once, at two names: six are verified; the right one must wait as well", async () => {
    const f = await authFixture();
    const guess = (_: unknown, i: number) => refusal(f.attempt(i % 2 ? "ana" : "ana@example.com", `guess ${i}`));
    const answers = await Promise.all(Array.from({ length: 100 }, guess));
    // Five by each name; the account lets through six of them, and the others are wrong without being verified.
    expect(answers.filter(({ reason }) => reason === "PASSWORD_MISMATCH")).toHaveLength(10);
    expect(answers.filter(({ reason }) => reason === "TOO_MANY_ATTEMPTS")).toHaveLength(90);
    expect(f.calls.filter((call) => call === `verifyPassword ${f.ana.id}`)).toHaveLength(6);
    expect(f.calls.filter((call) => call === "verifyPassword ")).toHaveLength(4);
    const owner = { remoteAddress: "198.51.100.1" };
    expect(await refusal(f.attempt("ana", f.ana.password, owner))).toMatchObject({ reason: "TOO_MANY_ATTEMPTS" });
    f.advance(1_000);
    expect((await f.attempt("ana", f.ana.password, owner)).sessionToken).toBe("ksn_1");
  });

  test("A23: another name of a locked account is answered like a name that nobody has, the right password too", async () => {
    const f = await authFixture();
    for (let i = 0; i < 7; i++) await refusal(f.attempt("ana", "wrong"));
    const wrong = await refusal(f.attempt("nobody", "wrong"));
    const calls = f.calls.length;
    expect(await refusal(f.attempt("ana@example.com", "wrong"))).toEqual(wrong);
    expect(await refusal(f.attempt("ana@example.com", f.ana.password))).toEqual(wrong);
    expect(f.calls.slice(calls)).toEqual([
      `getUserEpoch ${f.ana.id}`,
      `verifyPassword ${f.ana.id}`,
      `getUserEpoch ${f.ana.id}`,
      "verifyPassword ",
    ]);
    f.advance(1_000);
    expect((await f.attempt("ana@example.com", f.ana.password)).sessionToken).toBe("ksn_1");
  });

  test("A27: one address cannot begin flows without end, right passwords or not", async () => {
    const f = await authFixture({ flowsPerAddress: 3 });
    for (const password of ["wrong", f.ana.password, f.ana.password]) {
      await f.attempt("ana", password).catch(() => undefined);
    }
    const refused = await refusal(f.attempt("ana", f.ana.password));
    expect(refused).toMatchObject({ reason: "TOO_MANY_ATTEMPTS", retryAfter: 600 });
    expect(f.sessions).toHaveLength(2);
  });

  test("A7, A23: that all attempts are used up is told of any name, and a new password ends it", async () => {
    const f = await authFixture({ mostFailures: 6 });
    const answers = new Map<string, unknown>();
    for (const name of ["ana", "nobody"]) {
      for (let i = 0; i < 6; i++) {
        expect((await refusal(f.attempt(name, "wrong"))).reason).toBe("PASSWORD_MISMATCH");
        f.advance(2_000);
      }
      f.advance(3_600_000);
      answers.set(name, await refusal(f.attempt(name, f.ana.password)));
    }
    expect(answers.get("ana")).toMatchObject({ reason: "ATTEMPTS_USED_UP", retryAfter: undefined });
    expect(answers.get("nobody")).toEqual(answers.get("ana"));
    f.ana.epoch += 1n;
    expect((await f.attempt("ana", f.ana.password)).sessionToken).toBe("ksn_1");
  });

  test("A7, A23: a name that nobody has is locked like one that somebody has", async () => {
    const lock = async (name: string) => {
      const f = await authFixture();
      const answers = [];
      for (let i = 0; i < 8; i++) answers.push(await refusal(f.attempt(name, "wrong")));
      return answers;
    };
    expect(await lock("nobody")).toEqual(await lock("ana"));
  });
});

describe("a flow", () => {
  test("A26: is nobody's but its browser's, tenant's, and its own time's", async () => {
    const f = await factorFixture();
    const { secret } = await f.app();
    const { id } = await f.atSecondFactor();
    const give = (flowId: string, browser = {}) => refusal(f.submitTotp(flowId, f.codeOf(secret), browser));
    const gone = { reason: "FLOW_NOT_FOUND" };
    expect(await give(id, { browserToken: "another-browser-token!" })).toMatchObject(gone);
    for (const other of [`${id}x`, id.slice(1), id.toLowerCase(), "", "x"]) {
      expect(await give(other)).toMatchObject(gone);
    }
    expect(await give((await f.keptFlows())[0]?.idHash ?? "")).toMatchObject(gone);
    f.advance(600_000);
    expect(await give(id)).toMatchObject(gone);
    expect(f.sessions).toEqual([]);
  });
});

describe("a password that is too short to be the only factor", () => {
  test("is followed by a second one, whatever the policy says", async () => {
    const f = await factorFixture();
    f.ana.secondFactorNeeded = true;
    const { flow, sessionToken } = await f.attempt("ana", f.ana.password);
    expect(sessionToken).toBe("");
    expect(flow).toMatchObject({
      state: FlowState.PASSWORD_OK,
      nextSteps: [FlowStep.ENROL_TOTP, FlowStep.ENROL_PASSKEY, FlowStep.ENROL_SMS_OTP, FlowStep.ENROL_EMAIL_OTP],
    });
    await f.app();
    expect((await f.attempt("ana", f.ana.password)).flow).toMatchObject({ state: FlowState.MFA_REQUIRED });
  });

  test("does without one as soon as a longer one was chosen", async () => {
    const f = await factorFixture();
    f.ana.secondFactorNeeded = true;
    f.ana.passwordChangeRequired = true;
    const { flow } = await f.attempt("ana", f.ana.password);
    expect(flow?.nextSteps).toEqual([FlowStep.NEW_PASSWORD]);
    expect((await f.submitNew(flow?.id ?? "", "the longer password of ana")).flow).toMatchObject({
      state: FlowState.COMPLETED,
    });
  });
});
