import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openStore } from "../store/open-store.ts";
import { refusal } from "./auth-fixture.ts";
import { countAttempt, countFlow, defaultAttemptPolicy, type AttemptPolicy } from "./attempts.ts";

const minutes = 60_000;

const setUp = async (changes: Partial<AttemptPolicy> = {}) => {
  let now = Date.UTC(2026, 0, 1);
  const data = (await openStore({ url: "memory:", collections: [], clock: () => now })).tenant("t1");
  const policy = { ...defaultAttemptPolicy, perAddress: 1e9, perTenant: 1e9, ...changes };
  const count = (accountKey = "ana", remoteAddress = "192.0.2.1", userEpoch = 0n) =>
    countAttempt(data, policy, () => now, { accountKey, remoteAddress, userEpoch });
  /** "passed", or after how many seconds to come back. */
  const outcome = async (...of: Parameters<typeof count>) =>
    count(...of).then(
      () => "passed",
      async (error: unknown) => (await refusal(Promise.reject(error as Error))).retryAfter,
    );
  return {
    count,
    outcome,
    data,
    policy,
    now: () => now,
    advance: (milliseconds: number) => {
      now += milliseconds;
    },
  };
};

describe("A7: attempts of one account", () => {
  test("five pass; then each waits twice as long as the one before, up to 15 minutes", async () => {
    const { outcome, advance } = await setUp();
    for (let i = 0; i < 5; i++) expect(await outcome()).toBe("passed");
    for (let wait = 1_000; wait < 15 * minutes; wait *= 2) {
      expect(await outcome()).toBe(wait / 1_000);
      advance(wait - 1);
      expect(await outcome()).toBe(wait / 1_000);
      advance(1);
      expect(await outcome()).toBe("passed");
    }
    for (let i = 0; i < 3; i++) {
      advance(15 * minutes - 1);
      expect(await outcome()).toBe(900);
      advance(1);
      expect(await outcome()).toBe("passed");
    }
  });

  test("attempts while waiting make the wait no longer", async () => {
    const { outcome, advance } = await setUp();
    for (let i = 0; i < 5; i++) await outcome();
    for (let i = 0; i < 500; i++) expect(await outcome()).toBe(1);
    advance(1_000);
    expect(await outcome()).toBe("passed");
    expect(await outcome()).toBe(2);
  });

  test("100 at once: five pass, each is counted", async () => {
    const { outcome, data } = await setUp();
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => outcome()));
    expect(outcomes.filter((one) => one === "passed")).toHaveLength(5);
    expect(await data.add("attempts/account/ana/0", 0, Number.MAX_SAFE_INTEGER)).toBe(100);
  });

  test("at each wait's end one passes, whoever many they are", async () => {
    const { outcome, advance } = await setUp();
    for (let i = 0; i < 5; i++) await outcome();
    for (let i = 0; i < 8; i++) {
      advance(15 * minutes);
      const outcomes = await Promise.all(Array.from({ length: 50 }, () => outcome()));
      expect(outcomes.filter((one) => one === "passed")).toHaveLength(1);
    }
  });

  test("100 failures in a row are the most, at whatever pace; a new password begins a new row", async () => {
    const { count, outcome, advance } = await setUp();
    let passed = 0;
    for (let i = 0; i < 400; i++) {
      if ((await outcome()) === "passed") passed += 1;
      advance(15 * minutes);
    }
    expect(passed).toBe(100);
    // Not told to wait: it would not help.
    const { reason, retryAfter } = await refusal(count());
    expect({ reason, retryAfter }).toEqual({ reason: "ATTEMPTS_USED_UP", retryAfter: undefined });
    expect(await outcome("ana", "192.0.2.1", 1n)).toBe("passed");
  });

  test("a success ends the row, and leaves nothing below zero", async () => {
    const { count, outcome, advance, data } = await setUp();
    for (let i = 0; i < 4; i++) await count();
    await (await count()).succeeded();
    advance(1_000);
    for (let i = 0; i < 5; i++) expect(await outcome()).toBe("passed");
    advance(1_000);
    await (await count()).succeeded();
    advance(2_000);
    for (let i = 0; i < 5; i++) expect(await outcome()).toBe("passed");
    expect(await outcome()).toBe(1);
    expect(await data.add("attempts/account/ana/0", 0, Number.MAX_SAFE_INTEGER)).toBe(6);
  });

  test("150 sign-ins of one person within ten minutes pass, one after the other", async () => {
    const { count, data } = await setUp(defaultAttemptPolicy);
    for (let i = 0; i < 150; i++) await (await count()).succeeded();
    expect(await data.add("attempts/account/ana/0", 0, Number.MAX_SAFE_INTEGER)).toBe(0);
  });

  test("successes and failures in any interleaving never give a stranger a guess for free", async () => {
    const kind = fc.constantFrom("fails", "succeeds");
    await fc.assert(
      fc.asyncProperty(fc.array(kind, { maxLength: 4 }), fc.scheduler(), async (kinds, scheduler) => {
        const { data, policy, now } = await setUp();
        // Every operation of the store waits for the scheduler, so that they interleave in every way.
        const interleaved = {
          ...data,
          add: scheduler.scheduleFunction(data.add.bind(data)),
          addAll: scheduler.scheduleFunction(data.addAll.bind(data)),
        };
        const attempt = { accountKey: "ana", remoteAddress: "192.0.2.1", userEpoch: 0n };
        const all = kinds.map(async (one) => {
          const counted = await countAttempt(interleaved, policy, now, attempt);
          if (one === "succeeds") await counted.succeeded();
        });
        await scheduler.waitFor(Promise.all(all));
        const left = await data.add("attempts/account/ana/0", 0, Number.MAX_SAFE_INTEGER);
        expect(left).toBeGreaterThanOrEqual(0);
        expect(left).toBeLessThanOrEqual(kinds.filter((one) => one === "fails").length);
      }),
      { numRuns: 200 },
    );
  });
});

describe("A7, A23: attempts of one account by two of its names", () => {
  const byNames = async () => {
    const { data, policy, now, advance } = await setUp();
    /** Whether one is verified, wrong without being verified, or waits. */
    const by = async (nameKey: string, knownDevice?: string) => {
      const attempt = { accountKey: "ana", nameKey, userEpoch: 0n, remoteAddress: "192.0.2.1", knownDevice };
      return countAttempt(data, policy, now, attempt).then(
        ({ isHeldUp }) => (isHeldUp ? "held up" : "passed"),
        async (error: unknown) => (await refusal(Promise.reject(error as Error))).reason,
      );
    };
    return { by, advance, data, policy, now };
  };

  test("each name is seen to wait for its own alone; the account is held up for both", async () => {
    const { by, advance } = await byNames();
    for (let i = 0; i < 5; i++) expect(await by("username")).toBe("passed");
    expect(await by("username")).toBe("TOO_MANY_ATTEMPTS");
    expect(await by("email")).toBe("passed");
    for (let i = 0; i < 4; i++) expect(await by("email")).toBe("held up");
    expect(await by("email")).toBe("TOO_MANY_ATTEMPTS");
    advance(1_000);
    expect(await by("username")).toBe("passed");
    expect(await by("email")).toBe("held up");
  });

  test("whoever uses one name only is never held up, and nobody guesses more than 100 times", async () => {
    const one = await byNames();
    const seen = new Set<string>();
    for (let i = 0; i < 400; i++) {
      seen.add(await one.by("username"));
      one.advance(50_000);
    }
    expect(seen).toEqual(new Set(["passed", "TOO_MANY_ATTEMPTS"]));
    const two = await byNames();
    let passed = 0;
    for (let i = 0; i < 400; i++) {
      for (const name of ["username", "email"]) if ((await two.by(name)) === "passed") passed += 1;
      two.advance(15 * minutes);
    }
    expect(passed).toBe(100);
  });

  test("a success by one name ends the account's row; a browser that is known has its own for all names", async () => {
    const { by, data, policy, now } = await byNames();
    for (let i = 0; i < 4; i++) await by("username");
    const attempt = { accountKey: "ana", nameKey: "username", userEpoch: 0n, remoteAddress: "192.0.2.1" };
    await (await countAttempt(data, policy, now, attempt)).succeeded();
    for (let i = 0; i < 5; i++) expect(await by("email")).toBe("passed");
    expect(await by("username")).toBe("passed");
    for (const name of ["username", "email", "username", "email", "username"]) {
      expect(await by(name, "device")).toBe("passed");
    }
    expect(await by("email", "device")).toBe("TOO_MANY_ATTEMPTS");
  });
});

describe("A7: attempts of one address and of the tenant", () => {
  test("100 failures in ten minutes, over however many accounts; successes do not count", async () => {
    const { count, outcome, advance } = await setUp(defaultAttemptPolicy);
    for (let i = 0; i < 300; i++) await (await count(`good${i}`)).succeeded();
    for (let i = 0; i < 100; i++) expect(await outcome(`name${i}`)).toBe("passed");
    expect(await outcome("another")).toBe(600);
    expect(await outcome("another", "::ffff:192.0.2.1")).toBe(600);
    expect(await outcome("another", "192.0.2.2")).toBe("passed");
    advance(10 * minutes);
    expect(await outcome("another")).toBe("passed");
  });

  test("a /64 of IPv6 is one address", async () => {
    const { outcome } = await setUp({ perAddress: 10 });
    for (let i = 0; i < 10; i++) expect(await outcome(`name${i}`, `2001:db8::${i}`)).toBe("passed");
    expect(await outcome("another", "2001:db8::ffff:1")).toBe(600);
    expect(await outcome("another", "2001:db8:0:1::1")).toBe("passed");
  });

  test("a success that ends in the next window takes nothing from that one", async () => {
    const { count, outcome, advance } = await setUp({ perAddress: 3 });
    const counted = await Promise.all([count("a"), count("b"), count("c")]);
    advance(10 * minutes);
    await Promise.all(counted.map((one) => one.succeeded()));
    for (let i = 0; i < 3; i++) expect(await outcome(`name${i}`)).toBe("passed");
    expect(await outcome("another")).toBe(600);
  });

  test("what an address tries beyond its own limit takes nothing from all others", async () => {
    const { outcome } = await setUp({ perAddress: 5, perTenant: 20 });
    const tried = await Promise.all(Array.from({ length: 100 }, (_, i) => outcome(`name${i}`, "192.0.2.1")));
    expect(tried.filter((one) => one === "passed")).toHaveLength(5);
    for (let i = 0; i < 15; i++) expect(await outcome(`other${i}`, `198.51.100.${i}`)).toBe("passed");
    expect(await outcome("another", "198.51.100.99")).toBe(600);
  });

  test("the tenant's limit holds over all addresses", async () => {
    const { outcome } = await setUp({ perTenant: 20 });
    for (let i = 0; i < 20; i++) expect(await outcome(`name${i}`, `192.0.2.${i}`)).toBe("passed");
    expect(await outcome("another", "198.51.100.1")).toBe(600);
  });
});

test("A27: one address starts so many flows and no more", async () => {
  const { data, policy, now } = await setUp({ flowsPerAddress: 5 });
  for (let i = 0; i < 5; i++) await countFlow(data, policy, now(), "192.0.2.1");
  expect(await refusal(countFlow(data, policy, now(), "192.0.2.1"))).toMatchObject({
    reason: "TOO_MANY_ATTEMPTS",
    retryAfter: 600,
  });
  await countFlow(data, policy, now(), "192.0.2.2");
});
