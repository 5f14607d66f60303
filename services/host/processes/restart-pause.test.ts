import { expect, test } from "vitest";
import { restartPause } from "./restart-pause.ts";

test("pauses grow while workers die young, up to half a minute, and begin anew after one that lived", () => {
  const pauses: number[] = [];
  for (let n = 0; n < 11; n++) pauses.push(restartPause(pauses.at(-1), 500));
  expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
  expect(restartPause(30_000, 60_000)).toBe(100);
  expect(restartPause(undefined, 5)).toBe(100);
});
