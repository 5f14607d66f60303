import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dueAfter, planCommandedRotation } from "./commanded-rotation.ts";
import { pickCurrent, planRotation, type RingKey, type RotationPlan, type RotationPolicy } from "./signing-key-ring.ts";

const policy: RotationPolicy = {
  signFor: 1_000,
  publishAhead: 100,
  publishAtLeast: 30,
  longestToken: 50,
  staleFor: 10,
};
const stepsAt = (keys: readonly RingKey[], now: number) => planRotation(keys, now, policy).steps;

const current = (kid: string, activateTime: number): RingKey => ({
  kid,
  state: "current",
  createTime: 0,
  activateTime,
});
const next = (kid: string, createTime: number, promoteTime?: number): RingKey => ({
  kid,
  state: "next",
  createTime,
  ...(promoteTime === undefined ? {} : { promoteTime }),
});
const retired = (kid: string, retireTime: number): RingKey => ({ kid, state: "retired", createTime: 0, retireTime });

/** The ring after a plan, as the owner of the keys makes it. */
function follow(
  keys: readonly RingKey[],
  { steps }: Pick<RotationPlan, "steps">,
  newKid: () => string,
): readonly RingKey[] {
  const ring = new Map(keys.map((key) => [key.kid, key]));
  const known = (kid: string): RingKey => {
    const key = ring.get(kid);
    if (key === undefined) throw new Error(`the plan names ${kid}, which is not in the ring`);
    return key;
  };
  for (const one of steps) {
    switch (one.step) {
      case "create": {
        const { step: _step, ...made } = one;
        const kid = newKid();
        ring.set(kid, { kid, ...made });
        break;
      }
      case "bring forward": {
        const { kid, createTime, state } = known(one.kid);
        expect(state).toBe("next");
        ring.set(kid, { kid, state: "next", createTime, promoteTime: one.promoteTime });
        break;
      }
      case "promote": {
        const { kid, createTime, state } = known(one.kid);
        expect(state).toBe("next");
        ring.set(kid, { kid, state: "current", createTime, activateTime: one.activateTime });
        break;
      }
      case "retire": {
        const { kid, createTime, state } = known(one.kid);
        expect(state).toBe("current");
        ring.set(kid, { kid, state: "retired", createTime, retireTime: one.retireTime });
        break;
      }
      case "unpublish":
      case "delete":
        expect(known(one.kid)).toBeDefined();
        ring.delete(one.kid);
        break;
    }
  }
  return [...ring.values()];
}

describe("the steps of one key's life", () => {
  test("an empty ring gets a key that signs at once", () => {
    expect(planRotation([], 5, policy)).toEqual({
      steps: [{ step: "create", state: "current", createTime: 5, activateTime: 5 }],
      planAgainAt: 905,
    });
  });

  test("nothing is due while a key signs", () => {
    expect(planRotation([current("a", 0)], 899, policy)).toEqual({ steps: [], planAgainAt: 900 });
  });

  test("its successor is published ahead", () => {
    expect(planRotation([current("a", 0)], 900, policy)).toEqual({
      steps: [{ step: "create", state: "next", createTime: 900 }],
      planAgainAt: 1_000,
    });
    expect(planRotation([current("a", 0), next("b", 900)], 950, policy)).toEqual({ steps: [], planAgainAt: 1_000 });
  });

  test("it is retired by the plan that promotes its successor", () => {
    expect(planRotation([current("a", 0), next("b", 900)], 1_000, policy)).toEqual({
      steps: [
        { step: "promote", kid: "b", activateTime: 1_000 },
        { step: "retire", kid: "a", retireTime: 1_000 },
      ],
      planAgainAt: 1_060,
    });
  });

  test("it signs longer where its successor was published late", () => {
    expect(planRotation([current("a", 0), next("b", 990)], 1_050, policy)).toEqual({ steps: [], planAgainAt: 1_090 });
    expect(stepsAt([current("a", 0), next("b", 990)], 1_090)).toHaveLength(2);
  });

  test("a successor that was published early waits for its time", () => {
    expect(planRotation([current("a", 0), next("b", 1)], 500, policy)).toEqual({ steps: [], planAgainAt: 1_000 });
  });

  test("it leaves when no token of it can be alive", () => {
    const ring = [current("b", 1_000), retired("a", 1_000)];
    expect(planRotation(ring, 1_059, policy)).toEqual({ steps: [], planAgainAt: 1_060 });
    expect(stepsAt(ring, 1_060)).toEqual([{ step: "unpublish", kid: "a" }]);
  });
});

describe("a ring that is not as it should be", () => {
  test("without a current key promotes the next one, though early", () => {
    expect(stepsAt([next("b", 5), retired("a", 0)], 6)).toEqual([{ step: "promote", kid: "b", activateTime: 6 }]);
  });

  test("with only retired keys gets a new one", () => {
    expect(stepsAt([retired("a", 0)], 6)).toEqual([
      { step: "create", state: "current", createTime: 6, activateTime: 6 },
    ]);
  });

  test("with two current keys keeps the one that began last, whatever their order", () => {
    const ring = [current("a", 10), current("b", 20), current("c", 20)];
    for (const keys of [ring, ring.toReversed()]) {
      expect(pickCurrent(keys)?.kid).toBe("b");
      expect(
        stepsAt(keys, 30)
          .map((one) => ("kid" in one ? `${one.step} ${one.kid}` : one.step))
          .toSorted(),
      ).toEqual(["retire a", "retire c"]);
    }
  });

  test("from a clock that was ahead is left alone", () => {
    expect(stepsAt([current("a", 5_000), retired("z", 5_000)], 0)).toEqual([]);
  });

  test("has no current key to pick where there is none", () => {
    expect(pickCurrent([])).toBeUndefined();
    expect(pickCurrent([next("a", 0), retired("b", 0)])).toBeUndefined();
  });
});

test.each<[string, Partial<RotationPolicy>]>([
  ["signFor: must be longer than publishAhead", { signFor: 100 }],
  ["publishAtLeast: must not be shorter than staleFor", { publishAtLeast: 9 }],
  ["publishAhead: must not be shorter than publishAtLeast", { publishAhead: 29 }],
  ["longestToken: must be a number", { longestToken: -1 }],
  ["longestToken: must be longer than 0", { longestToken: 0 }],
  ["publishAhead: must be longer than 0", { publishAhead: 0, publishAtLeast: 0, staleFor: 0 }],
  ["staleFor: must be a number", { staleFor: Number.NaN }],
  ["signFor: must be a number", { signFor: Number.POSITIVE_INFINITY }],
])("a policy that cannot be kept is refused: %s", (message, change) => {
  expect(() => planRotation([], 0, { ...policy, ...change })).toThrow(message);
});

const policies = fc
  .record({
    staleFor: fc.nat(20),
    atLeast: fc.integer({ min: 1, max: 30 }),
    ahead: fc.nat(50),
    signs: fc.integer({ min: 1, max: 200 }),
    longestToken: fc.integer({ min: 1, max: 100 }),
  })
  .map(({ staleFor, atLeast, ahead, signs, longestToken }): RotationPolicy => ({
    staleFor,
    publishAtLeast: staleFor + atLeast,
    publishAhead: staleFor + atLeast + ahead,
    signFor: staleFor + atLeast + ahead + signs,
    longestToken,
  }));

describe("over any time, with planning on time, late, or away for long, and commands at any time", () => {
  test("there is always one current key, it was published ahead, and no key with a live token is unpublished", () => {
    const wait = fc.record({
      delay: fc.oneof(fc.constant(undefined), fc.nat(30), fc.nat(400)),
      command: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
    });
    fc.assert(
      fc.property(policies, fc.array(wait, { minLength: 1, maxLength: 60 }), (anyPolicy, waits) => {
        let now = 1_000;
        let made = 0;
        let ring: readonly RingKey[] = [];
        /** When the last token of a key is over: it may be signed until `staleFor` after the key was retired. */
        const lastTokenOver = new Map<string, number>();
        const publishedSince = new Map<string, number>();
        let planAgainAt = now;
        for (const { delay, command } of waits) {
          now = delay === undefined ? Math.max(now, planAgainAt) : now + delay;
          const signing = pickCurrent(ring);
          if (command) {
            const steps = planCommandedRotation(ring, now, anyPolicy, "orderly");
            ring = follow(ring, { steps }, () => `k${made++}`);
            const due = planRotation(ring, now, anyPolicy);
            expect(due.planAgainAt, "written ahead, the schedule is never late").toBeGreaterThanOrEqual(
              Math.min(dueAfter(steps, anyPolicy), planAgainAt),
            );
            const again = planCommandedRotation(ring, now, anyPolicy, "orderly");
            expect(again.filter(({ step }) => step === "promote")).toEqual([]);
            expect(again.filter(({ step }) => step === "retire")).toEqual([]);
          }
          const plan = planRotation(ring, now, anyPolicy);
          ring = follow(ring, plan, () => `k${made++}`);
          ({ planAgainAt } = plan);

          expect(planAgainAt).toBeGreaterThan(now);
          expect(planRotation(ring, now, anyPolicy).steps, "a plan that was followed leaves nothing due").toEqual([]);
          const currents = ring.filter(({ state }) => state === "current");
          expect(currents).toHaveLength(1);
          expect(ring.filter(({ state }) => state === "next").length).toBeLessThanOrEqual(1);

          const kids = new Set(ring.map(({ kid }) => kid));
          for (const kid of kids) if (!publishedSince.has(kid)) publishedSince.set(kid, now);
          // Whoever read the ring before this plan signs on with the key it had for as long as that ring may be stale.
          if (signing !== undefined) lastTokenOver.set(signing.kid, now + anyPolicy.staleFor + anyPolicy.longestToken);
          for (const [kid, over] of lastTokenOver) if (now < over) expect(kids.has(kid), `${kid} at ${now}`).toBe(true);

          const signs = pickCurrent(ring);
          if (signs !== undefined && signing !== undefined && signs.kid !== signing.kid) {
            const publishedFor = now - (publishedSince.get(signs.kid) ?? now);
            expect(publishedFor).toBeGreaterThanOrEqual(anyPolicy.publishAtLeast);
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test("a planner that comes when it was told to rotates on time", () => {
    fc.assert(
      fc.property(policies, (anyPolicy) => {
        let now = 0;
        let made = 0;
        let ring: readonly RingKey[] = [];
        const activations: number[] = [];
        for (let plans = 0; plans < 100; plans++) {
          const plan = planRotation(ring, now, anyPolicy);
          ring = follow(ring, plan, () => `k${made++}`);
          const at = pickCurrent(ring)?.activateTime ?? -1;
          if (activations.at(-1) !== at) activations.push(at);
          now = plan.planAgainAt;
        }
        expect(activations.length).toBeGreaterThan(2);
        activations.forEach((at, i) => expect(at).toBe(i * anyPolicy.signFor));
      }),
    );
  });
});
