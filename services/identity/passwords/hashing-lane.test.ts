import { describe, expect, test } from "vitest";
import { createHashingLane, hashesAtOnce } from "./hashing-lane.ts";

const lane = (atOnce: number, mostWaiting: number) =>
  createHashingLane({ atOnce, mostWaiting, full: () => new Error("full") });
const work = () => Promise.withResolvers<string>();
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("the hashing lane", () => {
  test("lets so many in, the rest in their order, and no more than may wait", async () => {
    const { run } = lane(2, 2);
    const works = Array.from({ length: 4 }, work);
    const began: number[] = [];
    const runs = works.map((one, index) =>
      run(() => {
        began.push(index);
        return one.promise;
      }),
    );
    await turn();
    expect(began).toEqual([0, 1]);
    await expect(run(async () => "never")).rejects.toThrow("full");
    works[1]?.resolve("one");
    expect(await runs[1]).toBe("one");
    await turn();
    expect(began).toEqual([0, 1, 2]);
    for (const one of works) one.resolve("done");
    await Promise.all(runs);
    expect(began).toEqual([0, 1, 2, 3]);
    expect(await run(async () => "free again")).toBe("free again");
  });

  test("whoever goes while waiting leaves their place to others, and their work undone", async () => {
    const { run } = lane(1, 1);
    const first = work();
    const running = run(() => first.promise);
    const leaving = new AbortController();
    const left = run(async () => "never done", leaving.signal);
    await expect(run(async () => "no room")).rejects.toThrow("full");
    leaving.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    const waiting = run(async () => "in their place");
    first.resolve("first");
    expect(await Promise.all([running, waiting])).toEqual(["first", "in their place"]);
    await expect(run(async () => "never", AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
  });

  test("a failure frees its place", async () => {
    const { run } = lane(1, 8);
    const failing = Array.from({ length: 5 }, () => run(() => Promise.reject(new Error("broken"))));
    const settled = await Promise.allSettled(failing);
    expect(settled.every(({ status }) => status === "rejected")).toBe(true);
    expect(await run(async () => "free")).toBe("free");
  });

  test("A27: never fills libuv's pool, in which tokens are signed, nor takes every core", () => {
    for (let cores = 1; cores <= 128; cores++) {
      for (let pool = 2; pool <= 128; pool++) {
        const atOnce = hashesAtOnce(cores, pool);
        expect(atOnce).toBeGreaterThanOrEqual(1);
        expect(atOnce).toBeLessThanOrEqual(Math.max(1, pool / 2, 1));
        expect(atOnce).toBeLessThanOrEqual(Math.max(1, cores - 1));
      }
    }
    expect(hashesAtOnce(16, 4)).toBe(2);
  });
});
