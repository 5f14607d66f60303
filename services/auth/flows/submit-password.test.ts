import { timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { FlowState, FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { authFixture, refusal } from "../auth-fixture.ts";
import { flows } from "../collections.ts";
import { factorFixture } from "../factors/factor-fixture.ts";

describe("the right password", () => {
  test("completes the flow and begins a session that says what was proven", async () => {
    const f = await authFixture();
    const { id } = await f.start("ana");
    f.advance(30_000);
    const { flow, sessionToken } = await f.submit(id, f.ana.password, {
      sessionToken: "ksn_before",
      userAgent: "Test",
    });
    expect(flow).toMatchObject({ id, state: FlowState.COMPLETED, nextSteps: [] });
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

  test("completes a flow once, also when given 10 times at once", async () => {
    const f = await authFixture({ firstWaitAt: 100 });
    const { id } = await f.start("ana");
    const settled = await Promise.allSettled(Array.from({ length: 10 }, () => f.submit(id, f.ana.password)));
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(f.sessions).toHaveLength(1);
    expect(await refusal(f.submit(id, f.ana.password))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
  });

  test("A6: with a password to be changed it begins no session, and the next step is the new one", async () => {
    const f = await authFixture();
    f.ana.passwordChangeRequired = true;
    const { flow, sessionToken } = await f.attempt("ana", f.ana.password);
    expect(flow).toMatchObject({ state: FlowState.PASSWORD_OK, nextSteps: [FlowStep.NEW_PASSWORD] });
    expect(sessionToken).toBe("");
    expect(f.sessions).toHaveLength(0);
    expect(await refusal(f.submit(flow?.id ?? "", f.ana.password))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
  });

  test("a crash before the session leaves nothing but signing in again", async () => {
    const f = await authFixture();
    const { id } = await f.start("ana");
    f.meanwhile.createSession = () => Promise.reject(new Error("crash"));
    await expect(f.submit(id, f.ana.password)).rejects.toThrow("internal error");
    delete f.meanwhile.createSession;
    expect(await refusal(f.submit(id, f.ana.password))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
    expect((await f.attempt("ana", f.ana.password)).sessionToken).toBe("ksn_1");
  });

  test("its events tell how far it came", async () => {
    const f = await authFixture();
    await f.attempt("ana", f.ana.password);
    expect((await f.events()).map(({ payload, resourceVersion }) => [payload.case, resourceVersion])).toEqual([
      ["flowStarted", 1n],
      ["flowAdvanced", 2n],
    ]);
    expect((await f.events())[1]?.payload.value).toMatchObject({ state: "COMPLETED", userId: f.ana.id });
  });
});

describe("a wrong password", () => {
  test("A23: has one answer for everybody, and the flow can be tried again", async () => {
    const f = await authFixture();
    const known = await f.start("ana");
    const answer = await refusal(f.submit(known.id, "wrong"));
    expect(answer).toMatchObject({ reason: "PASSWORD_MISMATCH" });
    expect(await refusal(f.attempt("nobody", "wrong"))).toEqual(answer);
    expect(f.calls).toEqual([
      `getUserEpoch ${f.ana.id}`,
      `verifyPassword ${f.ana.id}`,
      "getUserEpoch ",
      "verifyPassword ",
    ]);
    expect((await f.submit(known.id, f.ana.password)).flow?.state).toBe(FlowState.COMPLETED);
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

  test("A7: 100 guesses at once, over 100 flows and two names: six are verified; the right one must wait as well", async () => {
    const f = await authFixture();
    const started = await Promise.all(
      Array.from({ length: 100 }, (_, i) => f.start(i % 2 ? "ana" : "ana@example.com")),
    );
    const answers = await Promise.all(started.map(async ({ id }, i) => refusal(f.submit(id, `guess ${i}`))));
    // Five by each name; the account lets through six of them, and the others are wrong without being verified.
    expect(answers.filter(({ reason }) => reason === "PASSWORD_MISMATCH")).toHaveLength(10);
    expect(answers.filter(({ reason }) => reason === "TOO_MANY_ATTEMPTS")).toHaveLength(90);
    expect(f.calls.filter((call) => call === `verifyPassword ${f.ana.id}`)).toHaveLength(6);
    expect(f.calls.filter((call) => call === "verifyPassword ")).toHaveLength(4);
    const { id } = await f.start("ana", { remoteAddress: "198.51.100.1" });
    const owner = { remoteAddress: "198.51.100.1" };
    expect(await refusal(f.submit(id, f.ana.password, owner))).toMatchObject({ reason: "TOO_MANY_ATTEMPTS" });
    f.advance(1_000);
    expect((await f.submit(id, f.ana.password, owner)).sessionToken).toBe("ksn_1");
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

  test("A8: the lock is looked at with each password, not at the start of the flow", async () => {
    const f = await authFixture();
    const { id } = await f.start("ana");
    for (let i = 0; i < 5; i++) await refusal(f.attempt("ana", "wrong"));
    expect(await refusal(f.submit(id, f.ana.password))).toMatchObject({ reason: "TOO_MANY_ATTEMPTS" });
    expect(f.sessions).toHaveLength(0);
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
    const f = await authFixture();
    const { id } = await f.start("ana");
    const gone = { reason: "FLOW_NOT_FOUND" };
    expect(await refusal(f.submit(id, f.ana.password, { browserToken: "another-browser-token!" }))).toMatchObject(gone);
    expect(await refusal(f.submit(id, f.ana.password, {}, "t2"))).toMatchObject(gone);
    for (const other of [`${id}x`, id.slice(1), id.toLowerCase(), "", "x"]) {
      expect(await refusal(f.submit(other, f.ana.password))).toMatchObject(gone);
    }
    const [record] = (await f.data.page(flows, { index: "id", limit: 1 })).items;
    expect(await refusal(f.submit(record?.record.idHash ?? "", f.ana.password))).toMatchObject(gone);
    f.advance(600_000);
    expect(await refusal(f.submit(id, f.ana.password))).toMatchObject(gone);
    expect(f.calls).toEqual([]);
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
