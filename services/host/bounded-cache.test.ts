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
});
