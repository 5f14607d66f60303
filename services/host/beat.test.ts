import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createBeat } from "./beat.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("those that pause equally long go on together, the later ones sooner; each other length has its own", () => {
  const beat = createBeat();
  const went: string[] = [];
  beat.pause(200, () => went.push("a"));
  beat.pause(100, () => went.push("b"));
  vi.advanceTimersByTime(150);
  expect(went).toEqual(["b"]);
  beat.pause(200, () => went.push("c"));
  vi.advanceTimersByTime(50);
  expect(went).toEqual(["b", "a", "c"]);
});

test("whoever pauses again goes on in the next beat, and whoever took it back in none", () => {
  const beat = createBeat();
  const went: number[] = [];
  const again = (): void => {
    went.push(Date.now());
    beat.pause(200, again);
  };
  beat.pause(200, again);
  const never = vi.fn<() => void>();
  beat.pause(200, never)();
  const from = Date.now();
  vi.advanceTimersByTime(650);
  expect(went.map((at) => at - from)).toEqual([200, 400, 600]);
  expect(never).not.toHaveBeenCalled();
});
