import { expect, test, vi } from "vitest";
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
  await vi.waitFor(() => expect(steps).toBeGreaterThan(3));
  await work.stop();
  const atStop = steps;
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
  expect([most, running, steps]).toEqual([1, 0, atStop]);
});

test("a pause does not hold up the stop", async () => {
  const { log } = told();
  const step = vi.fn<() => Promise<number>>(async () => 60_000);
  const work = runInBackground({ name: "w", log, step });
  await vi.waitFor(() => expect(step).toHaveBeenCalledTimes(1));
  await work.stop();
  expect(step).toHaveBeenCalledTimes(1);
});

test("works of one beat go on together, and each is stopped by itself", async () => {
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
  await new Promise((resolve) => setTimeout(resolve, 5));
  const b = work("b");
  await vi.waitFor(() => expect(went.length).toBeGreaterThanOrEqual(6));
  expect(went.slice(0, 6)).toEqual(["a", "b", "a", "b", "a", "b"]);
  await a.stop();
  const before = went.length;
  await vi.waitFor(() => expect(went.length).toBeGreaterThan(before));
  expect(new Set(went.slice(before))).toEqual(new Set(["b"]));
  await b.stop();
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
  await vi.waitFor(() => expect(steps).toBeGreaterThan(5));
  await work.stop();
  expect(lines).toEqual(["warn: background work failed; it is tried again", "info: background work goes on again"]);
});
