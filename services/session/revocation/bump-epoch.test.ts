import { describe, expect, test } from "vitest";
import { granted, sessionFixture } from "../session-fixture.ts";

const user = { case: "userId", value: "01JUSER0000000000000000000" } as const;

describe("counting an epoch up", () => {
  test("every call counts, and those at the same moment each", async () => {
    const { bump } = await sessionFixture();
    expect((await bump(user)).epoch).toBe(1n);
    const epochs = await Promise.all(Array.from({ length: 5 }, () => bump(user)));
    expect(new Set(epochs.map(({ epoch }) => epoch))).toEqual(new Set([2n, 3n, 4n, 5n, 6n]));
  });

  test("for a change it counts once, and for an older one not after it", async () => {
    const { bump } = await sessionFixture();
    expect((await bump(user, 3n)).epoch).toBe(1n);
    expect((await bump(user, 3n)).epoch).toBe(1n);
    expect((await bump(user, 2n)).epoch).toBe(1n);
    expect((await bump(user, 7n)).epoch).toBe(2n);
    expect((await bump(user, 3n)).epoch).toBe(2n);
  });

  test("without a change it counts in between, and what was counted for a change stays so", async () => {
    const { bump } = await sessionFixture();
    await bump(user, 3n);
    expect((await bump(user)).epoch).toBe(2n);
    expect((await bump(user, 3n)).epoch).toBe(2n);
  });

  test("repeats for one change at the same moment count once", async () => {
    const { bump } = await sessionFixture();
    const epochs = await Promise.all(Array.from({ length: 5 }, () => bump(user, 4n)));
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1n, 1n, 1n, 1n, 1n]);
  });

  test("what was given since the change was counted outlives a repeat", async () => {
    const { bump, signIn, codeOf, redeem, isGood } = await sessionFixture();
    const { epoch } = await bump(user, 2n);
    const { session } = await signIn(epoch);
    const { outcome } = await codeOf(session?.id ?? "");
    const { grant } = granted(await redeem(outcome.case === "code" ? outcome.value : ""));
    await bump(user, 2n);
    expect(await isGood(grant.id)).toBe(true);
    await bump(user, 3n);
    expect(await isGood(grant.id)).toBe(false);
  });
});

describe("taking back what a user gave a client", () => {
  const clientId = "dev.koder.chat";
  const consent = { case: "consent", value: { userId: user.value, clientId } } as const;
  const ofAnother = { case: "consent", value: { userId: user.value, clientId: "dev.koder.drive" } } as const;

  test("voids its codes and grants, offline ones too, and leaves the session", async () => {
    const f = await sessionFixture();
    const { bump, redeem, refresh, isGood, signIn, codeOf } = f;
    const { session } = await signIn();
    const { grant, refreshToken } = granted(await redeem(await f.code(["openid", "offline_access"])));
    const waiting = await f.code();
    await bump(consent, 1n);
    expect(await isGood(grant.id)).toBe(false);
    expect((await refresh(refreshToken)).outcome.case).toBe("refusal");
    expect((await redeem(waiting)).outcome.case).toBe("refusal");

    const { outcome } = await codeOf(session?.id ?? "");
    const since = granted(await redeem(outcome.case === "code" ? outcome.value : ""));
    expect(await isGood(since.grant.id)).toBe(true);
    await bump(consent, 1n);
    expect(await isGood(since.grant.id)).toBe(true);
    await bump(consent, 2n);
    expect(await isGood(since.grant.id)).toBe(false);
  });

  test("leaves no grant of a code that is redeemed at the same moment", async () => {
    const f = await sessionFixture();
    const codes = await Promise.all(Array.from({ length: 20 }, () => f.code()));
    const [answers] = await Promise.all([Promise.all(codes.map((code) => f.redeem(code))), f.bump(consent, 1n)]);
    const redeemed = answers.filter(({ outcome }) => outcome.case === "redeemed");
    const good = await Promise.all(redeemed.map((answer) => f.isGood(granted(answer).grant.id)));
    expect(good).not.toContain(true);
  });

  test("leaves what somebody else gave the client", async () => {
    const f = await sessionFixture();
    const { grant } = granted(await f.redeem(await f.code()));
    await f.bump({ case: "consent", value: { userId: "01JANYBODY0000000000000000", clientId } }, 1n);
    expect(await f.isGood(grant.id)).toBe(true);
  });

  test("leaves what was given to another client, and neither forgets the other nor counts the user's epoch", async () => {
    const f = await sessionFixture();
    const { bump, redeem, isGood } = f;
    const { grant } = granted(await redeem(await f.code()));
    expect((await bump(ofAnother, 5n)).epoch).toBe(5n);
    expect(await isGood(grant.id)).toBe(true);
    await bump(consent, 1n);
    expect(await isGood(grant.id)).toBe(false);
    expect((await bump(ofAnother, 4n)).epoch).toBe(5n);
    expect((await bump(user)).epoch).toBe(1n);
    expect((await bump(ofAnother, 5n)).epoch).toBe(5n);
    expect((await bump(consent, 1n)).epoch).toBe(1n);
  });

  test("names the version of the consent", async () => {
    const { bump } = await sessionFixture();
    await expect(bump(consent)).rejects.toThrow("changed_version: is required with consent");
  });
});
