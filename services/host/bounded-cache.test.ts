import { describe, expect, test } from "vitest";
import { createBoundedCache } from "./bounded-cache.ts";

function fixture(maxEntries = 2) {
  let now = 0;
  let loads = 0;
  const cache = createBoundedCache<number>({ maxEntries, ttl: 100, clock: () => now });
  return {
    cache,
    load: async () => (loads += 1),
    advance: (milliseconds: number) => void (now += milliseconds),
    loads: () => loads,
  };
}

describe("the bounded cache", () => {
  test("asks once for what many want at once, and remembers it for its time", async () => {
    const { cache, load, advance, loads } = fixture();
    expect(await Promise.all(Array.from({ length: 10 }, () => cache.get("a", load)))).toEqual(Array(10).fill(1));
    advance(99);
    expect(await cache.get("a", load)).toBe(1);
    expect(cache.peek("a")).toBe(1);
    advance(1);
    expect(cache.peek("a")).toBeUndefined();
    expect(await cache.get("a", load)).toBe(2);
    expect(loads()).toBe(2);
  });
  test("asks anew where the clock was ahead and was set right: nobody knows how old a value is then", async () => {
    const { cache, load, advance } = fixture();
    advance(3_600_000);
    expect(await cache.get("a", load)).toBe(1);
    advance(-3_600_000);
    expect(cache.peek("a")).toBeUndefined();
    expect(await cache.get("a", load)).toBe(2);
    expect(cache.peek("a")).toBe(2);
  });
  test("forgets what was used least recently", async () => {
    const { cache, load } = fixture();
    await cache.get("a", load);
    await cache.get("b", load);
    await cache.get("a", load);
    await cache.get("c", load);
    expect([cache.peek("a"), cache.peek("b"), cache.peek("c")]).toEqual([1, undefined, 3]);
  });
  test("remembers no failure, and nothing that was forgotten while it was loading", async () => {
    const { cache, load } = fixture();
    await expect(cache.get("a", () => Promise.reject(new Error("away")))).rejects.toThrow("away");
    expect(await cache.get("a", load)).toBe(1);
    const slow = Promise.withResolvers<number>();
    const loading = cache.get("b", () => slow.promise);
    cache.delete("b");
    slow.resolve(7);
    expect(await loading).toBe(7);
    expect(cache.peek("b")).toBeUndefined();
  });
  test("counts the time from when a value was asked for: it may be as old as that", async () => {
    const { cache, load, advance, loads } = fixture();
    const slow = Promise.withResolvers<number>();
    const loading = cache.get("a", () => slow.promise);
    advance(60);
    slow.resolve(7);
    await loading;
    advance(39);
    expect(cache.peek("a")).toBe(7);
    advance(1);
    expect(cache.peek("a")).toBeUndefined();
    // What does not come within its time is asked for anew.
    const stuck = cache.get("b", () => new Promise<number>(() => undefined));
    advance(100);
    expect(await Promise.race([stuck, cache.get("b", load)])).toBe(1);
    expect(loads()).toBe(1);
  });
  test("drops what matches, and what is being loaded, which may match", async () => {
    const { cache } = fixture(3);
    for (const [key, value] of [
      ["a", 1],
      ["b", 2],
    ] as const) {
      await cache.get(key, async () => value);
    }
    const slow = Promise.withResolvers<number>();
    const loading = cache.get("c", () => slow.promise);
    cache.drop((value) => value === 2);
    slow.resolve(3);
    await loading;
    expect([cache.peek("a"), cache.peek("b"), cache.peek("c")]).toEqual([1, undefined, undefined]);
  });
});
