import { expect, onTestFinished, test } from "vitest";
import { openStore } from "../store/open-store.ts";
import { createHeldLease, releasing } from "./held-lease.ts";

async function two() {
  let now = 1_800_000_000_000;
  const clock = () => now;
  const store = await openStore({ url: "memory:", collections: [], clock });
  onTestFinished(() => store.close());
  const lease = (holder: string) =>
    createHeldLease({ system: store.system(), name: "work", holder, length: 1_000, clock });
  return {
    one: lease("one"),
    other: lease("other"),
    advance: (milliseconds: number) => void (now += milliseconds),
    now: clock,
  };
}

test("it is taken anew once less than half of it is left, and by nobody else meanwhile", async () => {
  const { one, other, advance, now } = await two();
  expect(one.current()).toBeUndefined();
  expect((await one.hold())?.expiresAt).toBe(now() + 1_000);
  advance(500);
  expect((await one.hold())?.expiresAt).toBe(now() + 500);
  advance(1);
  expect((await one.hold())?.expiresAt).toBe(now() + 1_000);
  expect(await other.hold()).toBeUndefined();
  advance(100);
  await one.renew();
  expect(one.current()?.expiresAt).toBe(now() + 1_000);
});

test("one that ran out is another's, and whoever had it finds that out", async () => {
  const { one, other, advance } = await two();
  await one.hold();
  advance(1_001);
  expect((await other.hold())?.holder).toBe("other");
  expect(await one.hold()).toBeUndefined();
  expect(one.current()).toBeUndefined();
});

test("what was dropped is asked for anew; what was released is free at once, and only then", async () => {
  const { one, other } = await two();
  const first = await one.hold();
  one.drop();
  expect(one.current()).toBeUndefined();
  expect((await one.hold())?.fence).toBe(first?.fence);
  await one.release();
  await one.release();
  expect((await other.hold())?.holder).toBe("other");
});

test("work gives its lease up once it has ended, not before", async () => {
  const { one, other } = await two();
  await one.hold();
  const ended = Promise.withResolvers<void>();
  const stopped = releasing({ stop: () => ended.promise }, one).stop();
  expect(await other.hold()).toBeUndefined();
  ended.resolve();
  await stopped;
  expect((await other.hold())?.holder).toBe("other");
});
