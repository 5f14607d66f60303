import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { whileGood, withErrors } from "./streamed.ts";

async function* numbers(upTo: number, then?: Error): AsyncGenerator<number> {
  for (let at = 1; at <= upTo; at += 1) yield at;
  if (then !== undefined) throw then;
}
const good = () => Promise.resolve();
const { signal } = new AbortController();

/** Numbers without end, and whether whoever asked for them has left. */
function endless() {
  let left = false;
  async function* all(): AsyncGenerator<number> {
    try {
      for (let at = 1; ; at += 1) yield at;
    } finally {
      left = true;
    }
  }
  return { items: all(), isLeft: () => left };
}

/** Everything that came, and the message of what ended it. */
async function heard(stream: AsyncIterable<number>) {
  const came: number[] = [];
  try {
    for await (const one of stream) came.push(one);
    return { came };
  } catch (error) {
    return { came, error: (error as Error).message };
  }
}

test("what comes is given on, and its errors as they are mapped", async () => {
  expect(await heard(withErrors(numbers(3), () => new Error("never")))).toEqual({ came: [1, 2, 3] });
  const mapped = (error: unknown) => new Error(`mapped: ${(error as Error).message}`);
  expect(await heard(withErrors(numbers(2, new Error("x")), mapped))).toEqual({ came: [1, 2], error: "mapped: x" });
});

test("a stream that is good goes to its end, and then nobody is asked any more", async () => {
  let asked = 0;
  const check = () => {
    asked += 1;
    return good();
  };
  expect(await heard(whileGood(numbers(3), { check, every: 1_000, signal }))).toEqual({ came: [1, 2, 3] });
  expect(await heard(whileGood(numbers(1, new Error("own")), { check, every: 1_000, signal }))).toEqual({
    came: [1],
    error: "own",
  });
  expect(asked).toBe(0);
});

test("one that is not good any more ends while it waits, and what it came from is left", async () => {
  let left = false;
  async function* silent(): AsyncGenerator<number> {
    try {
      yield 1;
      await pause(50);
      yield 2;
      await pause(20);
      yield 3;
    } finally {
      left = true;
    }
  }
  let asked = 0;
  const check = () => ((asked += 1) < 2 ? good() : Promise.reject(new Error("revoked")));
  expect(await heard(whileGood(silent(), { check, every: 5, signal }))).toEqual({ came: [1], error: "revoked" });
  expect(asked).toBe(2);
  await expect.poll(() => left).toBe(true);
});

test("whoever stops listening leaves it as well", async () => {
  const { items, isLeft } = endless();
  for await (const one of whileGood(items, { check: good, every: 1_000, signal })) if (one === 3) break;
  await expect.poll(isLeft).toBe(true);
});

test("A27: it is left also where nobody asks for the next item: once it is not good any more, or by the signal", async () => {
  const [refused, gone] = [endless(), endless()];
  const revoked = () => Promise.reject(new Error("revoked"));
  const stream = whileGood(refused.items, { check: revoked, every: 5, signal });
  expect(await stream.next()).toMatchObject({ value: 1 });
  await expect.poll(refused.isLeft).toBe(true);
  await expect(stream.next()).rejects.toThrow("revoked");

  const connection = new AbortController();
  let asked = 0;
  const check = () => {
    asked += 1;
    return good();
  };
  await whileGood(gone.items, { check, every: 5, signal: connection.signal }).next();
  connection.abort();
  await expect.poll(gone.isLeft).toBe(true);
  const before = asked;
  await pause(30);
  expect(asked - before).toBeLessThanOrEqual(1);
});

test("A27: nothing is asked for where the listener was gone before it began", async () => {
  let begun = false;
  async function* items(): AsyncGenerator<number> {
    begun = true;
    yield 1;
  }
  const stream = whileGood(items(), { check: good, every: 1_000, signal: AbortSignal.abort() });
  expect(await stream.next()).toMatchObject({ done: true });
  expect(begun).toBe(false);
});
