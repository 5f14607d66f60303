import { describe, expect, test } from "vitest";
import { Conflict, StoreUnavailable, type Lease, type LogEntry, type SystemStore } from "../../store/store.ts";
import { eventLogFixture, idsOf, soon, stores } from "./event-log-fixture.ts";
import { logReaders } from "./log-reader.ts";

/** What a reader was given, in order. */
function collecting() {
  const seen: string[] = [];
  return { seen, handle: async (entries: readonly LogEntry[]) => void seen.push(...idsOf(entries)) };
}

describe.each(stores)("a reader on $name", ({ url }) => {
  test("from the beginning is given everything once and in order, also after it was started again", async () => {
    const { sequencer, reader, happen } = await eventLogFixture(await url());
    sequencer();
    const first = await happen(5);
    const { seen, handle } = collecting();
    const one = reader(handle);
    await soon(() => expect(seen).toEqual(first));
    await one.stop();
    const second = await happen(150);
    reader(handle, { holder: "b" });
    await soon(() => expect(seen).toEqual([...first, ...second]));
  });

  test("from now is given what comes after its first start, whatever it missed since", async () => {
    const { system, sequencer, reader, happen } = await eventLogFixture(await url());
    sequencer();
    await happen(5);
    await soon(async () => expect(await system.logEnd()).toBe(5));
    const { seen, handle } = collecting();
    const one = reader(handle, { from: "now" });
    await soon(async () => expect(await system.get(logReaders, "audit")).toBeDefined());
    await one.stop();
    const missed = await happen(3);
    reader(handle, { from: "now" });
    await soon(() => expect(seen).toEqual(missed));
  });

  test("added later, from the beginning, is given what others had long before", async () => {
    const { sequencer, reader, happen } = await eventLogFixture(await url());
    sequencer();
    const [early, late] = [collecting(), collecting()];
    reader(early.handle);
    const ids = await happen(120);
    await soon(() => expect(early.seen).toEqual(ids));
    reader(late.handle, { name: "webhooks" });
    await soon(() => expect(late.seen).toEqual(ids));
    expect(early.seen).toEqual(ids);
  });

  test("that ended between dealing with events and saving its position is given them again", async () => {
    const { system, sequencer, reader, happen } = await eventLogFixture(await url());
    sequencer();
    const ids = await happen(3);
    await soon(async () => expect(await system.logEnd()).toBe(3));
    const [before, after] = [collecting(), collecting()];
    let ended = false;
    const ending: SystemStore = {
      ...system,
      async commit(writes, events) {
        if (writes[0]?.kind === "insert") return system.commit(writes, events);
        ended = true;
        throw new StoreUnavailable("the process is gone", "not done");
      },
    };
    const one = reader(before.handle, { system: ending });
    await soon(() => expect(ended).toBe(true));
    await one.stop();
    expect(before.seen).toEqual(ids);
    const more = await happen(2);
    reader(after.handle, { holder: "b" });
    await soon(() => expect(after.seen).toEqual([...ids, ...more]));
  });

  test("of the same name in two processes: one works at a time, and the other takes over", async () => {
    const { sequencer, reader, happen } = await eventLogFixture(await url());
    sequencer();
    const seen: string[] = [];
    const by: string[] = [];
    const handleAs = (holder: string) => async (entries: readonly LogEntry[]) => {
      seen.push(...idsOf(entries));
      by.push(holder);
    };
    const a = reader(handleAs("a"), { holder: "a" });
    const first = await happen(10);
    await soon(() => expect(seen).toEqual(first));
    reader(handleAs("b"), { holder: "b" });
    const second = await happen(10);
    await soon(() => expect(seen).toEqual([...first, ...second]));
    expect(new Set(by)).toEqual(new Set(["a"]));
    await a.stop();
    const third = await happen(10);
    await soon(() => expect(seen).toEqual([...first, ...second, ...third]));
    expect(by.at(-1)).toBe("b");
  });

  test("reads its position once for as long as it has the lease, and anew where somebody else had it meanwhile", async () => {
    const { system, sequencer, reader, happen } = await eventLogFixture(await url());
    sequencer();
    let [reads, isAway, refused, ahead] = [0, false, 0, 0];
    let taken: Lease | undefined;
    const watched: SystemStore = {
      ...system,
      get(collection, id) {
        reads += 1;
        return system.get(collection, id);
      },
      async lease(name, holder) {
        if (!isAway) return (taken = await system.lease(name, holder, 60_000)); // longer than any machine stands still
        refused += 1;
        return undefined;
      },
    };
    const [own, others] = [collecting(), collecting()];
    const times = { every: 1, lease: 100, retry: 1, longestRetry: 8 };
    reader(own.handle, { system: watched, times, clock: () => Date.now() + ahead });
    const first = [...(await happen(3)), ...(await happen(3))];
    await soon(() => expect(own.seen).toEqual(first));
    const after = await happen(3);
    await soon(() => expect(own.seen).toEqual([...first, ...after]));
    expect(reads).toBe(1);
    [isAway, ahead] = [true, 60_000];
    await soon(() => expect(refused).toBeGreaterThan(0));
    if (taken === undefined) throw new Error("it never had the lease");
    await system.release(taken);
    const other = reader(others.handle, { holder: "b" });
    const theirs = await happen(3);
    await soon(() => expect(others.seen).toEqual(theirs));
    await other.stop();
    [isAway, ahead] = [false, 0];
    const last = await happen(3);
    await soon(() => expect(own.seen).toEqual([...first, ...after, ...last]));
    expect(reads).toBe(2);
  });

  test("that takes longer than its lease keeps it: nobody else begins with the same", async () => {
    const { system, sequencer, reader, happen } = await eventLogFixture(await url());
    sequencer();
    const other = collecting();
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
    let [calls, renewed] = [0, 0];
    const counting: SystemStore = {
      ...system,
      async lease(...asked) {
        if (calls > 0) renewed += 1;
        return system.lease(...asked);
      },
    };
    reader(
      async () => {
        calls += 1;
        await held;
      },
      { system: counting },
    );
    const [first] = await happen(1);
    await soon(() => expect(calls).toBe(1));
    reader(other.handle, { holder: "b" });
    // Longer than it would hold without.
    await soon(() => expect(renewed).toBeGreaterThan(4));
    expect(other.seen).toEqual([]);
    letGo();
    await soon(async () => expect(Number((await system.get(logReaders, "audit"))?.record.position)).toBe(1));
    expect([calls, other.seen.includes(first ?? "")]).toEqual([1, false]);
  });
});

describe("an event that a reader cannot deal with", () => {
  /** A reader that rejects one event with `error` until it is healed. */
  async function stuckAt(index: number, error: Error) {
    const fixture = await eventLogFixture("memory:");
    fixture.sequencer();
    const ids = await fixture.happen(7);
    await soon(async () => expect(await fixture.system.logEnd()).toBe(7));
    const state = { healed: false };
    const seen: string[] = [];
    fixture.reader(async (entries) => {
      for (const id of idsOf(entries)) {
        if (id === ids[index] && !state.healed) throw error;
        seen.push(id);
      }
    });
    return { ...fixture, ids, seen, state };
  }
  const errors = (lines: Awaited<ReturnType<typeof stuckAt>>["lines"]) =>
    lines.filter(({ level }) => level === "error");

  test("is tried again after growing pauses, named in the log each time, and never passed over", async () => {
    const { ids, seen, state, lines, metric } = await stuckAt(3, new Error("not today"));
    await soon(() => expect(errors(lines).length).toBeGreaterThan(5));
    expect(
      errors(lines)
        .slice(0, 6)
        .map(({ fields }) => fields["pause"]),
    ).toEqual([1, 2, 4, 8, 8, 8]);
    expect(
      new Set(errors(lines).map(({ fields }) => `${String(fields["position"])} ${String(fields["event"])}`)),
    ).toEqual(new Set([`4 ${ids[3] ?? ""}`]));
    // Those before it are done with, and those after it wait.
    expect(metric("koder_id_log_reader_position")).toBe(3);
    expect(metric("koder_id_log_reader_failures")).toBeGreaterThan(4);
    expect(seen.filter((id) => ids.indexOf(id) > 3)).toEqual([]);
    state.healed = true;
    await soon(() => expect(metric("koder_id_log_reader_position")).toBe(7));
    expect([...new Set(seen)]).toEqual(ids);
    expect(metric("koder_id_log_reader_failures")).toBe(0);
  });

  test("is not taken for another process's work because what it met was a conflict of its own", async () => {
    const { state, lines, metric } = await stuckAt(0, new Conflict(0, "webhooks", "exists"));
    await soon(() => expect(errors(lines).length).toBeGreaterThan(2));
    state.healed = true;
    await soon(() => expect(metric("koder_id_log_reader_position")).toBe(7));
  });

  test("is seen by its age too: the reader has not been at the end since", async () => {
    const fixture = await eventLogFixture("memory:");
    let now = Date.now();
    const { handle } = collecting();
    let fail = false;
    fixture.sequencer();
    fixture.reader(async (entries) => (fail ? Promise.reject(new Error("no")) : handle(entries)), {
      clock: () => now,
    });
    await soon(() => expect(fixture.metric("koder_id_log_reader_lag_seconds")).toBe(0));
    fail = true;
    await fixture.happen(1);
    await soon(() => expect(fixture.metric("koder_id_log_reader_failures")).toBeGreaterThan(0));
    now += 150;
    expect(fixture.metric("koder_id_log_reader_lag_seconds")).toBeCloseTo(0.15);
    fail = false;
    await soon(() => expect(fixture.metric("koder_id_log_reader_lag_seconds")).toBe(0));
  });
});
