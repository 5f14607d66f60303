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
