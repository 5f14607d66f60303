import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTokenBuckets } from "./token-buckets.ts";

describe("a client's bucket", () => {
  test("gives the quota at once, and then one for each part of the window", () => {
    const { take } = createTokenBuckets({ quota: 3, window: 60_000 });
    expect([1, 2, 3].map(() => take("a", 0).remaining)).toEqual([2, 1, 0]);
    expect(take("a", 0)).toEqual({ isAllowed: false, remaining: 0, retryAfter: 20_000, resetAfter: 60_000 });
    expect(take("a", 19_999).isAllowed).toBe(false);
    expect(take("a", 20_000)).toMatchObject({ isAllowed: true, remaining: 0 });
    expect(take("b", 20_000)).toMatchObject({ isAllowed: true, remaining: 2 });
    expect(take("a", 80_000)).toMatchObject({ isAllowed: true, remaining: 2 });
  });

  test("never gives more than the quota and what came back meanwhile, and never less", () => {
    const model = fc.record({
      quota: fc.integer({ min: 1, max: 50 }),
      steps: fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 1, maxLength: 200 }),
    });
    fc.assert(
      fc.property(model, ({ quota, steps }) => {
        const window = 10_000;
        const { take } = createTokenBuckets({ quota, window });
        let [now, tokens] = [0, quota];
        const wrong: number[] = [];
        for (const step of steps) {
          now += step;
          tokens = Math.min(quota, tokens + (step * quota) / window);
          const { isAllowed } = take("a", now);
          const isPlain = Math.abs(tokens - 1) > 1e-6;
          if (isPlain && isAllowed !== tokens > 1) wrong.push(now);
          if (isAllowed) tokens = Math.max(0, tokens - 1);
        }
        expect(wrong).toEqual([]);
      }),
    );
  });

  test("is full again where the clock was ahead and was set right", () => {
    const { take } = createTokenBuckets({ quota: 2, window: 60_000 });
    const hour = 3_600_000;
    expect([1, 2, 3].map(() => take("a", hour).isAllowed)).toEqual([true, true, false]);
    expect([1, 2, 3].map(() => take("a", 0).isAllowed)).toEqual([true, true, false]);
    // By a moment, as clocks are kept right: nothing is given back.
    expect(take("a", -1).isAllowed).toBe(false);
    expect(take("a", 30_000).isAllowed).toBe(true);
  });

  test("is there for as long as something is missing in it, however many come and go with theirs full", () => {
    const { take } = createTokenBuckets({ quota: 2, window: 60_000 }, 100);
    expect([take("a", 0).isAllowed, take("a", 0).isAllowed]).toEqual([true, true]);
    for (let second = 1; second <= 1_000; second++) {
      const now = second * 1_000;
      expect(take(`client ${second}`, now)).toMatchObject({ isAllowed: true, remaining: 1 });
      expect([second, take("a", now).isAllowed]).toEqual([second, second % 30 === 0]);
    }
  });

  test("A27: clients beyond number do not fill the memory, and begin anew", () => {
    const { take } = createTokenBuckets({ quota: 2, window: 60_000 }, 100);
    for (let i = 0; i < 10_000; i++) expect(take(`client ${i}`, i).isAllowed).toBe(true);
    expect(take("client 9999", 10_000)).toMatchObject({ isAllowed: true, remaining: 0 });
    expect(take("client 0", 10_000)).toMatchObject({ isAllowed: true, remaining: 1 });
  });
});
