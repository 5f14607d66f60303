import { expect, test } from "vitest";
import { defaultSessionLifetimes } from "../dependencies.ts";
import { granted, sessionFixture } from "../session-fixture.ts";
import { mostSessions } from "./browser-tokens.ts";

const person = (at: number) => `01JPERSN0000000000000000${String(at).padStart(2, "0")}`;

/** A browser to which people sign in one after the other; `held` is what its cookie holds. */
async function aBrowser() {
  const f = await sessionFixture();
  const browser = { ...f, held: "" };
  return Object.assign(browser, {
    async signInAs(at: number) {
      f.advance(1_000);
      const { session, sessionToken } = await f.signIn(0n, browser.held, person(at));
      browser.held = sessionToken;
      return session?.id ?? "";
    },
    async people(held = browser.held) {
      return (await f.resolve(held)).sessions.map(({ session }) => session?.userId);
    },
  });
}

test("people are signed in side by side, the latest one active", async () => {
  const browser = await aBrowser();
  for (const at of [1, 2, 3]) await browser.signInAs(at);
  expect(await browser.people()).toEqual([person(3), person(2), person(1)]);
  expect((await browser.resolve(browser.held)).session?.userId).toBe(person(3));
});

test("A2: who signs in again has a new token, and the one before opens nothing, wherever it is kept", async () => {
  const browser = await aBrowser();
  const first = await browser.signInAs(1);
  await browser.signInAs(2);
  const old = browser.held;
  const second = await browser.signInAs(1);
  expect(second).toBe(first);
  expect(await browser.people()).toEqual([person(1), person(2)]);
  expect(await browser.people(old)).toEqual([person(2)]);
});

test("each session says what makes it the active one, with the others behind it", async () => {
  const browser = await aBrowser();
  for (const at of [1, 2, 3]) await browser.signInAs(at);
  const { sessions } = await browser.resolve(browser.held);
  expect(await browser.people(sessions[2]?.sessionToken)).toEqual([person(1), person(3), person(2)]);
});

test("who signs in again keeps what they were given in the session; it is of the new sign-in, and lasts from then on", async () => {
  const f = await sessionFixture();
  const { session: before, sessionToken } = await f.signIn();
  const { outcome } = await f.codeOf(before?.id ?? "", ["openid"]);
  const { grant } = granted(
    await f.redeem(outcome.case === "code" ? outcome.value : "", { refreshWithoutOfflineAccess: true }),
  );
  const length = defaultSessionLifetimes.session;
  f.advance(length - 1_000);
  const { session: after } = await f.signIn(0n, sessionToken);
  expect([after?.id, after?.createTime]).toEqual([before?.id, before?.createTime]);
  expect(after?.authTime).not.toEqual(before?.authTime);
  expect(await f.isGood(grant.id)).toBe(true);
  f.advance(length - 1_000);
  expect((await f.codeOf(after?.id ?? "")).outcome.case).toBe("code");
  f.advance(1_000);
  expect((await f.codeOf(after?.id ?? "")).outcome.case).toBe("sessionEnded");
});

test("who signs in as somebody else gets nothing of what was there, and it stays theirs", async () => {
  const browser = await aBrowser();
  const first = await browser.signInAs(1);
  const { outcome } = await browser.codeOf(first, ["openid"]);
  const { grant } = granted(await browser.redeem(outcome.case === "code" ? outcome.value : ""));
  expect(await browser.signInAs(2)).not.toBe(first);
  expect(grant.userId).toBe(person(1));
  expect(await browser.isGood(grant.id)).toBe(true);
});

test("with one too many the oldest is over", async () => {
  const browser = await aBrowser();
  for (let at = 1; at <= mostSessions; at += 1) await browser.signInAs(at);
  const full = browser.held;
  await browser.signInAs(mostSessions + 1);
  expect(await browser.people()).toHaveLength(mostSessions);
  expect(await browser.people()).not.toContain(person(1));
  expect(await browser.people(full)).not.toContain(person(1));
});

test("one that was voided with its person is passed over, and over with the next sign-in", async () => {
  const browser = await aBrowser();
  await browser.signInAs(1);
  await browser.signInAs(2);
  await browser.bump({ case: "userId", value: person(1) });
  expect(await browser.people()).toEqual([person(2)]);
  const before = browser.held;
  await browser.signInAs(3);
  expect(browser.held.split(".")).toHaveLength(2);
  expect(await browser.people(before)).toEqual([person(2)]);
});

test("two sign-ins of one person at the same moment both go through", async () => {
  const browser = await aBrowser();
  await browser.signInAs(1);
  const { held } = browser;
  const [one, other] = await Promise.all([browser.signIn(0n, held, person(1)), browser.signIn(0n, held, person(1))]);
  expect(await browser.people(held)).toEqual([]);
  // One has renewed the session, and the other found its token void and began another one.
  expect(one.session?.id).not.toBe(other.session?.id);
});

test("a token that is none of ours is nobody's session", async () => {
  const browser = await aBrowser();
  expect((await browser.resolve("ksn_planted.x")).sessions).toEqual([]);
  const { session, sessionToken } = await browser.signIn(0n, `ksn_${"p".repeat(43)}`, person(1));
  expect(session?.userId).toBe(person(1));
  expect(sessionToken).toMatch(/^ksn_[A-Za-z0-9_-]{43}$/);
});
