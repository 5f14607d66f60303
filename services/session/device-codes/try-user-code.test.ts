import { describe, expect, test } from "vitest";
import { ConnectError } from "@connectrpc/connect";
import { errorInfoOf } from "../../host/interceptors/error-mapping.ts";
import { deviceFixture } from "./device-fixture.ts";
import { newUserCode } from "./user-code.ts";

const outcomeOf = (finding: Promise<unknown>): Promise<unknown> =>
  finding.then(
    (device) => (device === undefined ? "none" : "found"),
    (error: unknown) => (error instanceof ConnectError ? errorInfoOf(error)?.reason : error),
  );

describe("A7: guessing user codes", () => {
  test("of 100 guesses at once 20 are looked for; then not even the right code is, for that address alone", async () => {
    const f = await deviceFixture();
    const { userCode } = await f.issue();
    const guesses = Array.from({ length: 100 }, () => outcomeOf(f.find(newUserCode())));
    const outcomes = await Promise.all(guesses);
    expect(outcomes.filter((outcome) => outcome === "none")).toHaveLength(20);
    expect(await outcomeOf(f.find(userCode))).toBe("TOO_MANY_USER_CODES");
    expect(await outcomeOf(f.find(userCode, "192.0.2.2"))).toBe("found");
    f.advance(600_000);
    expect(await outcomeOf(f.find(newUserCode()))).toBe("none");
  });

  test("an IPv6 subscriber is one address, and all addresses together are counted for the tenant", async () => {
    const f = await deviceFixture();
    for (let i = 0; i < 20; i++) await f.find(newUserCode(), `2001:db8:1:1::${i.toString(16)}`);
    expect(await outcomeOf(f.find(newUserCode(), "2001:db8:1:1::ffff"))).toBe("TOO_MANY_USER_CODES");
    const guesses = Array.from({ length: 1_980 }, (_, i) => outcomeOf(f.find(newUserCode(), `10.0.${i >> 4}.1`)));
    await Promise.all(guesses);
    expect(await outcomeOf(f.find(newUserCode(), "198.51.100.7"))).toBe("TOO_MANY_USER_CODES");
    expect(await outcomeOf(f.find(newUserCode(), "198.51.100.7", "t2"))).toBe("none");
  });

  test("codes that devices wait with are no failures, and give no guesses back", async () => {
    const f = await deviceFixture();
    for (let i = 0; i < 19; i++) await f.find(newUserCode());
    for (let i = 0; i < 30; i++) expect(await outcomeOf(f.find((await f.issue()).userCode))).toBe("found");
    expect(await outcomeOf(f.find(newUserCode()))).toBe("none");
    expect(await outcomeOf(f.find(newUserCode()))).toBe("TOO_MANY_USER_CODES");
  });

  test("what cannot be a code costs nothing", async () => {
    const f = await deviceFixture();
    for (let i = 0; i < 30; i++) expect(await outcomeOf(f.find("aeiou"))).toBe("none");
    expect(await outcomeOf(f.find((await f.issue()).userCode))).toBe("found");
  });
});
