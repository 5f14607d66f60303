import { expect, onTestFinished, test, vi } from "vitest";
import { createBeat } from "./beat.ts";
import { runInBackground } from "./background-work.ts";
import type { Log } from "./log.ts";

function told() {
  const lines: string[] = [];
  const tell = (level: string) => (_fields: unknown, message: string) => void lines.push(`${level}: ${message}`);
  return { lines, log: { warn: tell("warn"), info: tell("info") } as unknown as Log };
}

test("steps follow one another, never two at once, and end with the one under way", async () => {
  const { log } = told();
  let [running, most, steps] = [0, 0, 0];
  const work = runInBackground({
    name: "w",
    log,
    async step() {
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
      steps += 1;
      return 0;
    },
  });
  await expect.poll(() => steps).toBeGreaterThan(3);
  await work.stop();
  const atStop = steps;
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
  expect([most, running, steps]).toEqual([1, 0, atStop]);
});

test("a pause does not hold up the stop", async () => {
  const { log } = told();
  const step = vi.fn<() => Promise<number>>(async () => 60_000);
  const work = runInBackground({ name: "w", log, step });
  await expect.poll(() => step).toHaveBeenCalledTimes(1);
  await work.stop();
  expect(step).toHaveBeenCalledTimes(1);
});

test("works of one beat go on together, and each is stopped by itself", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { log } = told();
  const beat = createBeat();
  const went: string[] = [];
  const work = (name: string) =>
    runInBackground({
      name,
      log,
      beat,
      async step() {
        went.push(name);
        return 20;
      },
    });
  const a = work("a");
  await vi.advanceTimersByTimeAsync(5);
  const b = work("b");
  await vi.advanceTimersByTimeAsync(15);
  expect(went).toEqual(["a", "b", "a", "b"]);
  await vi.advanceTimersByTimeAsync(20);
  expect(went.slice(4)).toEqual(["a", "b"]);
  await a.stop();
  await vi.advanceTimersByTimeAsync(40);
  expect(went.slice(6)).toEqual(["b", "b"]);
  await b.stop();
  await vi.advanceTimersByTimeAsync(40);
  expect(went).toHaveLength(8);
});

test("a step that fails is tried again, and the log has one line when it begins and one when it is over", async () => {
  const { log, lines } = told();
  let steps = 0;
  const work = runInBackground({
    name: "w",
    log,
    retryAfter: 1,
    async step() {
      steps += 1;
      if (steps <= 3) throw new Error("away");
      return 1;
    },
  });
  await expect.poll(() => steps).toBeGreaterThan(5);
  await work.stop();
  expect(lines).toEqual(["warn: background work failed; it is tried again", "info: background work goes on again"]);
});
