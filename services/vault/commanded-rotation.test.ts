import { describe, expect, test } from "vitest";
import { dueAfter, planCommandedRotation } from "./commanded-rotation.ts";
import type { RingKey, RotationPolicy } from "./signing-key-ring.ts";

const policy: RotationPolicy = {
  signFor: 1_000,
  publishAhead: 100,
  publishAtLeast: 30,
  longestToken: 50,
  staleFor: 10,
};
const current: RingKey = { kid: "a", state: "current", createTime: 0, activateTime: 0 };
const retired: RingKey = { kid: "z", state: "retired", createTime: 0, retireTime: 0 };
const next = (createTime: number, promoteTime?: number): RingKey => ({
  kid: "b",
  state: "next",
  createTime,
  ...(promoteTime === undefined ? {} : { promoteTime }),
});
const orderly = (keys: readonly RingKey[], now: number) => planCommandedRotation(keys, now, policy, "orderly");

describe("an orderly rotation", () => {
  test("publishes a key, and has it sign once nobody can have an older list", () => {
    expect(orderly([current], 200)).toEqual([{ step: "create", state: "next", createTime: 200, promoteTime: 230 }]);
  });
  test("repeated meanwhile changes nothing", () => {
    expect(orderly([current, next(200, 230)], 229)).toEqual([]);
  });
  test("brings forward a key that the schedule published just now", () => {
    expect(orderly([current, next(200)], 210)).toEqual([{ step: "bring forward", kid: "b", promoteTime: 230 }]);
  });
  test("lets a key that was published long enough sign, and publishes another", () => {
    expect(orderly([current, next(200)], 230)).toEqual([
      { step: "retire", kid: "a", retireTime: 230 },
      { step: "promote", kid: "b", activateTime: 230 },
      { step: "create", state: "next", createTime: 230 },
    ]);
  });
  test("of an empty ring makes a key that signs", () => {
    expect(orderly([retired], 5)).toEqual([{ step: "create", state: "current", createTime: 5, activateTime: 5 }]);
  });
});

describe("after a leak", () => {
  test("another key signs at once: the one that is published already, or a new one", () => {
    expect(planCommandedRotation([current, next(209)], 210, policy, "immediate").map(({ step }) => step)).toEqual([
      "retire",
      "promote",
      "create",
    ]);
    expect(planCommandedRotation([current], 210, policy, "immediate")).toEqual([
      { step: "retire", kid: "a", retireTime: 210 },
      { step: "create", state: "current", createTime: 210, activateTime: 210 },
    ]);
  });
  test("nothing that may have leaked stays, whatever it did", () => {
    expect(planCommandedRotation([current, next(1), retired], 210, policy, "compromised")).toEqual([
      { step: "delete", kid: "a" },
      { step: "delete", kid: "b" },
      { step: "delete", kid: "z" },
      { step: "create", state: "current", createTime: 210, activateTime: 210 },
    ]);
  });
});

test("the schedule that goes ahead of the steps is the earliest that any of them needs", () => {
  expect(dueAfter(orderly([current], 200), policy)).toBe(230);
  expect(dueAfter(orderly([current, next(200)], 230), policy)).toBe(290);
  expect(dueAfter(planCommandedRotation([], 5, policy, "orderly"), policy)).toBe(905);
  expect(dueAfter([], policy)).toBe(Number.POSITIVE_INFINITY);
});
