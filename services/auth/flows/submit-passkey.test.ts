import { describe, expect, test } from "vitest";
import { FlowState, FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import type { Otherwise } from "../../../tests/support/software-authenticator.ts";
import { refusal } from "../auth-fixture.ts";
import { acme, factorFixture } from "../factors/factor-fixture.ts";

const other = { browserToken: "another-browser-token!" };
const offered = async (f: Pick<Awaited<ReturnType<typeof factorFixture>>, "offerSignIn">) =>
  (await f.offerSignIn()).passkeyOptionsJson;
const notAccepted = { reason: "PASSKEY_NOT_ACCEPTED" };

describe("in the place of the password", () => {
  test("a passkey signs in whoever it is of, without a name, and counts as two factors", async () => {
    const f = await factorFixture();
    const { authenticator, factor } = await f.passkey({ backupEligible: true, backedUp: true });
    const optionsJson = await offered(f);
    expect(JSON.parse(optionsJson)).toMatchObject({
      rpId: acme.rpId,
      allowCredentials: [],
      userVerification: "required",
    });
    f.advance(60_000);
    const done = await f.submitPasskey("", authenticator.get(optionsJson), { sessionToken: "ksn_before" });
    expect(done).toMatchObject({ flow: { state: FlowState.COMPLETED, nextSteps: [] }, sessionToken: "ksn_1" });
    expect(f.sessions).toMatchObject([
      {
        userId: f.ana.id,
        amr: ["swk", "user", "mfa"],
        acr: "urn:koder:acr:mfa",
        userEpoch: 7n,
        previousSessionToken: "ksn_before",
      },
    ]);
    const [shown] = (await f.list()).factors;
    expect(shown).toMatchObject({ id: factor.id, passkey: { backedUp: true } });
    expect(shown?.lastUseTime).toBeDefined();
    expect((await f.events()).filter(({ resourceType }) => resourceType === "flow")).toMatchObject([
      { resourceVersion: 1n, payload: { case: "flowAdvanced", value: { state: "COMPLETED", userId: f.ana.id } } },
    ]);
  });

  test("one that stays in its device says so", async () => {
    const f = await factorFixture();
    const { authenticator } = await f.passkey();
    await f.submitPasskey("", authenticator.get(await offered(f)));
    expect(f.sessions[0]).toMatchObject({ amr: ["hwk", "user", "mfa"] });
  });

  test("nothing is kept of what is offered, and one is as another", async () => {
    const f = await factorFixture();
    const before = await f.events();
    const offers = await Promise.all(Array.from({ length: 20 }, () => offered(f)));
    expect(new Set(offers).size).toBe(20);
    expect(await f.keptFlows()).toEqual([]);
    expect(await f.events()).toEqual(before);
  });

  test("A23: that a passkey is none of ours is told, and no other reason is", async () => {
    const f = await factorFixture();
    const { authenticator, factor } = await f.passkey();
    const forged = authenticator.get(await offered(f), { forged: true });
    expect((await refusal(f.submitPasskey("", forged))).fieldReasons).toEqual([]);
    await f.remove(factor.id);
    expect((await refusal(f.submitPasskey("", authenticator.get(await offered(f))))).fieldReasons).toEqual([
      "PASSKEY_UNKNOWN",
    ]);
  });

  test.each<[string, Otherwise]>([
    ["asked by another origin", { origin: "https://evil.example" }],
    ["asked within a page of another origin", { crossOrigin: true }],
    ["for another relying party", { rpId: "acme.test" }],
    ["by another challenge", { challenge: Buffer.alloc(32).toString("base64url") }],
    ["as if it were a new one", { type: "webauthn.create" }],
    ["without its user being there", { userPresent: false }],
    ["without its user verified", { userVerified: false }],
    ["of somebody else, as it says", { userHandle: "01JB0B00000000000000000000" }],
    ["of nobody, as it says", { userHandle: "" }],
    ["by a forged signature", { forged: true }],
  ])("is refused: %s", async (_how, otherwise) => {
    const f = await factorFixture();
    const { authenticator } = await f.passkey();
    const optionsJson = await offered(f);
    const answer = await refusal(f.submitPasskey("", authenticator.get(optionsJson, otherwise)));
    expect(["PASSKEY_NOT_ACCEPTED", "STEP_NOT_EXPECTED"]).toContain(answer.reason);
    expect(f.sessions).toEqual([]);
    expect((await f.submitPasskey("", authenticator.get(optionsJson))).sessionToken).toBe("ksn_1");
  });

  test("A8: somebody who was disabled, voided or erased is not signed in", async () => {
    const f = await factorFixture();
    const { authenticator } = await f.passkey();
    f.ana.disabled = true;
    expect(await refusal(f.submitPasskey("", authenticator.get(await offered(f))))).toMatchObject(notAccepted);
    f.ana.disabled = false;
    f.people.clear();
    expect(await refusal(f.submitPasskey("", authenticator.get(await offered(f))))).toMatchObject(notAccepted);
    f.people.set("ana", f.ana);
    await f.reset();
    expect(await refusal(f.submitPasskey("", authenticator.get(await offered(f))))).toMatchObject(notAccepted);
    expect(f.sessions).toEqual([]);
  });

  test("A8: a session that begins carries the epoch of before it was verified", async () => {
    const f = await factorFixture();
    const { authenticator } = await f.passkey();
    f.meanwhile.createSession = () => (f.ana.epoch += 1n);
    await f.submitPasskey("", authenticator.get(await offered(f)));
    expect(f.sessions[0]).toMatchObject({ userEpoch: 7n });
  });
});

describe("A24: what was offered", () => {
  test("is good once, of however many at once", async () => {
    const f = await factorFixture({ firstWaitAt: 1_000 });
    const { authenticator } = await f.passkey();
    const optionsJson = await offered(f);
    const signed = Array.from({ length: 20 }, () => authenticator.get(optionsJson));
    const settled = await Promise.allSettled(signed.map((one) => f.submitPasskey("", one)));
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(f.sessions).toHaveLength(1);
    expect(await refusal(f.submitPasskey("", authenticator.get(optionsJson)))).toMatchObject({
      reason: "STEP_NOT_EXPECTED",
    });
  });

  test("A2, A26: belongs to its browser, its tenant and its ten minutes", async () => {
    const f = await factorFixture();
    const { authenticator } = await f.passkey();
    const signed = authenticator.get(await offered(f));
    const elsewhere = { reason: "STEP_NOT_EXPECTED" };
    expect(await refusal(f.submitPasskey("", signed, other))).toMatchObject(elsewhere);
    expect(await refusal(f.submitPasskey("", signed, {}, "t2"))).toMatchObject(elsewhere);
    f.advance(600_000);
    expect(await refusal(f.submitPasskey("", signed))).toMatchObject(elsewhere);
  });
});

describe("whose it is", () => {
  test("A14: a passkey of one tenant opens nothing in another", async () => {
    const f = await factorFixture();
    const { authenticator } = await f.passkey();
    const signed = authenticator.get((await f.offerSignIn("", {}, "t2")).passkeyOptionsJson);
    expect(await refusal(f.submitPasskey("", signed, {}, "t2"))).toMatchObject(notAccepted);
    expect(f.sessions).toEqual([]);
  });
});

describe("as the second factor", () => {
  test("is asked for after the password, by name, and need not verify its user", async () => {
    const f = await factorFixture();
    const { authenticator } = await f.passkey({ verifiesUser: false });
    const { id, nextSteps, state } = await f.atSecondFactor();
    expect({ nextSteps, state }).toEqual({ nextSteps: [FlowStep.PASSKEY], state: FlowState.MFA_REQUIRED });
    const optionsJson = await f.offerPasskey(id);
    expect(JSON.parse(optionsJson)).toMatchObject({
      allowCredentials: [{ id: authenticator.credentialIds()[0], type: "public-key", transports: ["internal"] }],
      userVerification: "preferred",
    });
    expect(await refusal(f.submitPasskey("", authenticator.get(await offered(f))))).toMatchObject(notAccepted);
    expect((await f.submitPasskey(id, authenticator.get(optionsJson))).sessionToken).toBe("ksn_1");
    expect(f.sessions[0]).toMatchObject({ amr: ["pwd", "hwk", "user", "mfa"], acr: "urn:koder:acr:mfa" });
  });

  test("beside an app and recovery codes", async () => {
    const f = await factorFixture();
    await f.app();
    await f.passkey();
    await f.generateCodes();
    const { nextSteps } = await f.atSecondFactor();
    expect(nextSteps).toEqual([FlowStep.PASSKEY, FlowStep.TOTP, FlowStep.RECOVERY_CODE]);
  });

  test("A8: is void once its user was voided since the password", async () => {
    const f = await factorFixture();
    const { authenticator } = await f.passkey();
    const { id } = await f.atSecondFactor();
    const signed = authenticator.get(await f.offerPasskey(id));
    f.ana.epoch += 1n;
    expect(await refusal(f.submitPasskey(id, signed))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
  });

  test("A5: a new password comes after it", async () => {
    const f = await factorFixture();
    const { authenticator } = await f.passkey();
    f.ana.passwordChangeRequired = true;
    const { id } = await f.atSecondFactor();
    const { flow } = await f.submitPasskey(id, authenticator.get(await f.offerPasskey(id)));
    expect(flow?.nextSteps).toEqual([FlowStep.NEW_PASSWORD]);
    expect((await f.submitNew(id, "the next password of ana")).sessionToken).toBe("ksn_1");
  });
});

describe("its counter", () => {
  test("must go on; where it goes back the passkey is refused, and its person is told", async () => {
    const f = await factorFixture();
    const { authenticator } = await f.passkey();
    await f.submitPasskey("", authenticator.get(await offered(f), { counter: 50 }));
    for (const counter of [50, 49, 1, 0]) {
      const signed = authenticator.get(await offered(f), { counter });
      expect(await refusal(f.submitPasskey("", signed))).toMatchObject(notAccepted);
    }
    expect(f.sessions).toHaveLength(1);
    const [shown] = (await f.list()).factors;
    expect(shown?.passkey?.counterFellTime).toBeDefined();
    expect((await f.events()).filter(({ payload }) => payload.case === "passkeyCounterFell")).toHaveLength(4);
    f.advance(3_600_000);
    expect((await f.submitPasskey("", authenticator.get(await offered(f), { counter: 51 }))).sessionToken).toBe(
      "ksn_2",
    );
  });

  test("stays 0 where an authenticator does not count", async () => {
    const f = await factorFixture();
    const { authenticator } = await f.passkey({ counts: false });
    for (let i = 0; i < 3; i++) await f.submitPasskey("", authenticator.get(await offered(f)));
    expect(f.sessions).toHaveLength(3);
  });

  test("of one that signs in two flows at once goes on in both, or one is refused", async () => {
    const f = await factorFixture();
    const { authenticator } = await f.passkey();
    const signed = [authenticator.get(await offered(f)), authenticator.get(await offered(f))];
    const settled = await Promise.allSettled(signed.map((one) => f.submitPasskey("", one)));
    expect(settled.filter(({ status }) => status === "fulfilled").length).toBeGreaterThanOrEqual(1);
    expect(f.sessions.length).toBe(settled.filter(({ status }) => status === "fulfilled").length);
  });
});

describe("A7: attempts", () => {
  test("are counted before they are verified, apart from those at the password; right ones end the row", async () => {
    const f = await factorFixture();
    const { authenticator } = await f.passkey();
    const wrong = async () => authenticator.get(await offered(f), { forged: true });
    for (let i = 0; i < 5; i++) expect(await refusal(f.submitPasskey("", await wrong()))).toMatchObject(notAccepted);
    const waiting = { reason: "TOO_MANY_ATTEMPTS", retryAfter: 1 };
    expect(await refusal(f.submitPasskey("", authenticator.get(await offered(f))))).toMatchObject(waiting);
    expect((await f.attempt("ana", f.ana.password)).flow?.state).toBe(FlowState.MFA_REQUIRED);
    f.advance(2_000);
    expect((await f.submitPasskey("", authenticator.get(await offered(f)))).sessionToken).toBe("ksn_1");
    for (let i = 0; i < 4; i++) expect(await refusal(f.submitPasskey("", await wrong()))).toMatchObject(notAccepted);
  });

  test("with passkeys that nobody has are counted by address", async () => {
    const f = await factorFixture({ perAddress: 3 });
    const { authenticator, factor } = await f.passkey();
    await f.remove(factor.id);
    const reasons = [];
    for (let i = 0; i < 4; i++) {
      reasons.push((await refusal(f.submitPasskey("", authenticator.get(await offered(f))))).reason);
    }
    expect(reasons).toEqual([...Array<string>(3).fill("PASSKEY_NOT_ACCEPTED"), "TOO_MANY_ATTEMPTS"]);
  });
});
