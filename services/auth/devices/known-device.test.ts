import { describe, expect, test } from "vitest";
import { authFixture, refusal } from "../auth-fixture.ts";
import { knownDevices } from "../collections.ts";
import { factorFixture } from "../factors/factor-fixture.ts";

const own = { browserToken: "the-own-browser-of-ana-0", remoteAddress: "192.0.2.1" };
const stranger = { browserToken: "the-browser-of-a-stranger", remoteAddress: "198.51.100.1" };

async function withKnown() {
  const f = await authFixture();
  const password = f.ana.password;
  expect((await f.attempt("ana", password, own)).sessionToken).toBe("ksn_1");
  const lockOut = async () => {
    for (let i = 0; i < 5; i++)
      expect((await refusal(f.attempt("ana", "wrong", stranger))).reason).toBe("PASSWORD_MISMATCH");
    expect((await refusal(f.attempt("ana", "wrong", stranger))).reason).toBe("TOO_MANY_ATTEMPTS");
  };
  return { f, password, lockOut };
}

describe("A7: a browser in which somebody has signed in", () => {
  test("is not locked out by a stranger's guesses; another one of theirs is", async () => {
    const { f, password, lockOut } = await withKnown();
    await lockOut();
    expect(
      await refusal(f.attempt("ana", password, { ...own, browserToken: "another-browser-of-ana-0" })),
    ).toMatchObject({
      reason: "TOO_MANY_ATTEMPTS",
    });
    expect((await f.attempt("ana", password, own)).sessionToken).toBe("ksn_2");
    // That it could sign in gives the stranger nothing.
    expect((await refusal(f.attempt("ana", "wrong", stranger))).reason).toBe("TOO_MANY_ATTEMPTS");
  });

  test("guesses no more than anybody, at once or one after the other", async () => {
    const { f } = await withKnown();
    const guesses = Array.from({ length: 50 }, () => f.attempt("ana", "wrong", own));
    await Promise.allSettled(guesses);
    expect(f.calls.filter((call) => call.startsWith("verifyPassword"))).toHaveLength(1 + 5);
    expect((await refusal(f.attempt("ana", "wrong", own))).reason).toBe("TOO_MANY_ATTEMPTS");
  });

  test("is known to that account alone, and forgotten after 30 days", async () => {
    const { f, password, lockOut } = await withKnown();
    for (let i = 0; i < 5; i++) await refusal(f.attempt("bob", "wrong", stranger));
    expect((await refusal(f.attempt("bob", "wrong", own))).reason).toBe("TOO_MANY_ATTEMPTS");
    f.advance(30 * 86_400_000);
    await lockOut();
    expect((await refusal(f.attempt("ana", password, own))).reason).toBe("TOO_MANY_ATTEMPTS");
  });

  test("takes a second factor whatever codes were guessed elsewhere by who has the password, and guesses no more", async () => {
    const f = await factorFixture();
    const { secret } = await f.app();
    const atCode = async (browser: typeof own) => (await f.attempt("ana", f.ana.password, browser)).flow?.id ?? "";
    const guess = async (browser: typeof own) =>
      (await refusal(f.submitTotp(await atCode(browser), "wrong!", browser))).reason;
    f.advance(30_000);
    await f.submitTotp(await atCode(own), f.codeOf(secret), own);
    const sessions = f.sessions.length;
    for (let i = 0; i < 5; i++) expect(await guess(stranger)).toBe("CODE_MISMATCH");
    expect(await guess(stranger)).toBe("TOO_MANY_ATTEMPTS");
    f.advance(30_000);
    const code = f.codeOf(secret);
    for (let i = 0; i < 5; i++) await guess(stranger);
    await f.submitTotp(await atCode(own), code, own);
    expect(f.sessions).toHaveLength(sessions + 1);
    for (let i = 0; i < 5; i++) expect(await guess(own)).toBe("CODE_MISMATCH");
    expect(await guess(own)).toBe("TOO_MANY_ATTEMPTS");
  });

  test("is remembered once, also by sign-ins at the same moment", async () => {
    const { f, password } = await withKnown();
    await Promise.all(
      Array.from({ length: 3 }, () => f.attempt("ana", password, { ...own, browserToken: "a-third-browser-of-ana-0" })),
    );
    expect(f.sessions).toHaveLength(4);
    expect((await f.data.page(knownDevices, { index: "id", limit: 10 })).items).toHaveLength(2);
    f.advance(2 * 86_400_000);
    await f.attempt("ana", password, own);
    expect(
      (await f.data.page(knownDevices, { index: "id", limit: 10 })).items
        .map(({ version }) => version)
        .toSorted((a, b) => a - b),
    ).toEqual([1, 2]);
  });
});
