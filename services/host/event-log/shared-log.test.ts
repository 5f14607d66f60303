import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import type { LogEntry, SystemStore } from "../../store/store.ts";
import { shareLog } from "./shared-log.ts";

/** A log that only grows, and counts what was read of it. */
function aLog() {
  const entries: LogEntry[] = [];
  let decoded = 0;
  let questions = 0;
  const system = {
    async log(after: number, limit: number) {
      questions += 1;
      const read = entries.slice(after, after + limit);
      decoded += read.length;
      return read;
    },
  } as unknown as SystemStore;
  const grow = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const position = entries.length + 1;
      entries.push({
        position,
        tenantId: "acme",
        number: position,
        event: create(EventSchema, { id: `e${position}` }),
      });
    }
  };
  return { system, entries, grow, decoded: () => decoded, questions: () => questions };
}

test("readers that follow one another closely are given entries that were read once", async () => {
  const { system, grow, decoded, entries } = aLog();
  const shared = shareLog(system);
  const at = [0, 0, 0, 0];
  for (let round = 0; round < 50; round++) {
    grow(20);
    for (const [reader, position] of at.entries()) {
      const read = await shared.log(position, 100);
      expect(read).toEqual(entries.slice(position));
      at[reader] = read.at(-1)?.position ?? position;
    }
  }
  expect(decoded()).toBe(entries.length);
});

test("those who look at the end in one turn, or while one is answered, share a question; in the next they see what is new", async () => {
  const { system, grow, questions } = aLog();
  grow(3);
  const shared = shareLog(system);
  await shared.log(0, 100);
  const atEnd = await Promise.all([500, 100, 100].map((limit) => shared.log(3, limit)));
  expect(atEnd).toEqual([[], [], []]);
  expect(questions()).toBe(2);
  expect(await shared.log(3, 100)).toEqual([]);
  expect(questions()).toBe(2);
  await new Promise(setImmediate);
  grow(2);
  const [many, one, all] = await Promise.all([500, 1, 600].map((limit) => shared.log(3, limit)));
  expect([many, one, all].map((read) => read?.map(({ position }) => position))).toEqual([[4, 5], [4], [4, 5]]);
  expect(questions()).toBe(4);
});

test("a question that fails is asked anew", async () => {
  const { system, grow } = aLog();
  grow(1);
  let isAway = true;
  const shared = shareLog({
    ...system,
    log: async (after, limit) => (isAway ? Promise.reject(new Error("away")) : system.log(after, limit)),
  });
  await expect(shared.log(0, 1)).rejects.toThrow("away");
  isAway = false;
  expect(await shared.log(0, 1)).toHaveLength(1);
});

test("whatever the readers ask for, in whatever order, it is what the log has", async () => {
  const look = fc.record({ grow: fc.nat(300), after: fc.nat(1_500), limit: fc.integer({ min: 1, max: 400 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(look, { maxLength: 20 }), async (looks) => {
      const { system, grow, entries } = aLog();
      const shared = shareLog(system);
      for (const one of looks) {
        // What is asked in one turn of the event loop is answered as it was at its first question.
        await new Promise(setImmediate);
        grow(one.grow);
        // At once, as several readers do it.
        const asked = [one.after, Math.floor(one.after / 2), entries.length].map((after) =>
          Math.min(after, entries.length),
        );
        const answers = await Promise.all(asked.map((after) => shared.log(after, one.limit)));
        for (const [i, after] of asked.entries()) {
          expect(answers[i]).toEqual(entries.slice(after, after + one.limit));
        }
      }
    }),
  );
});
