import { create } from "@bufbuild/protobuf";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { RequestRecordSchema } from "#gen/koder/host/store/v1/request_record_pb.ts";
import { openStore } from "../../store/open-store.ts";
import type { Collection, LogEntry, Store } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import type { BackgroundWork } from "../background-work.ts";
import { createLog } from "../log.ts";
import { followLog } from "./log-follower.ts";
import { logReaders, runLogReader, type LogReaderOptions } from "./log-reader.ts";
import { runSequencer } from "./sequencer.ts";

const things: Collection<typeof RequestRecordSchema> = {
  name: "test_things",
  schema: RequestRecordSchema,
  id: (record) => record.id,
  events: "required",
};
const log = createLog({ level: "silent" });
const sequencing = { every: 1, lease: 60 };
const reading = { every: 1, lease: 60 };

async function opened() {
  const store = await openStore({ url: "memory:", collections: [things, logReaders], clock: Date.now });
  const works: BackgroundWork[] = [];
  onTestFinished(async () => {
    await Promise.all(works.map((work) => work.stop()));
    await store.close();
  });
  const running = <Work extends BackgroundWork>(work: Work): Work => (works.push(work), work);
  return {
    store,
    system: store.system(),
    running,
    sequencer: (holder = "a", clock = Date.now) =>
      running(runSequencer({ system: store.system(), holder, clock, log, times: sequencing })),
    reader: (handle: LogReaderOptions["handle"], more: Partial<LogReaderOptions> = {}) =>
      running(
        runLogReader({
          system: store.system(),
          name: "audit",
          from: "beginning",
          handle,
          holder: "a",
          clock: Date.now,
          log,
          times: reading,
          ...more,
        }),
      ),
  };
}

let made = 0;
async function happen(store: Store, count: number, tenant = "acme"): Promise<string[]> {
  const ids = Array.from({ length: count }, () => `event${(made += 1)}`);
  for (const id of ids) {
    await store
      .tenant(tenant)
      .commit([insert(things, create(RequestRecordSchema, { id }))], [create(EventSchema, { id })]);
  }
  return ids;
}
const idsOf = (entries: readonly LogEntry[]) => entries.map(({ event }) => event.id);

describe("the sequencer", () => {
  test("moves what waits and what comes, and of two only one does", async () => {
    const { store, system, sequencer } = await opened();
    const before = await happen(store, 3);
    sequencer("a");
    sequencer("b");
    await vi.waitFor(async () => expect(await system.logEnd()).toBe(3));
    const after = [...(await happen(store, 300)), ...(await happen(store, 2, "other"))];
    await vi.waitFor(async () => expect(await system.logEnd()).toBe(305));
    const entries = await system.log(0, 1_000);
    expect(idsOf(entries)).toEqual([...before, ...after]);
    expect((await store.tenant("other").events(0, 10)).map(({ number }) => number)).toEqual([1, 2]);
  });

  test("gives the lease up when it stops, and another goes on", async () => {
    const { store, system, sequencer } = await opened();
    const first = sequencer("a");
    await happen(store, 1);
    await vi.waitFor(async () => expect(await system.logEnd()).toBe(1));
    await first.stop();
    expect(await system.lease("sequencer", "b", 1_000)).toBeDefined();
  });

  test("whose time stood still finds its fence refused, and the log goes on without a fork", async () => {
    const { store, system, sequencer } = await opened();
    const standing = Date.now();
    sequencer("paused", () => standing); // by its own clock its lease never ends
    await happen(store, 1);
    await vi.waitFor(async () => expect(await system.logEnd()).toBe(1));
    // The lease passes on: by the store's clock its time is over once nobody takes it anew.
    await vi.waitFor(async () => expect(await system.lease("sequencer", "other", 60_000)).toBeDefined());
    const [waiting] = await happen(store, 1);
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    expect(idsOf((await system.outbox(0, 10)).map((one) => ({ ...one, number: 0 })))).toEqual([waiting]);
    expect(await system.logEnd()).toBe(1);
  });
});

describe("a reader", () => {
  test("from the beginning is given everything once and in order, also after it was started again", async () => {
    const { store, sequencer, reader } = await opened();
    sequencer();
    const first = await happen(store, 5);
    const seen: string[] = [];
    const handle = async (entries: readonly LogEntry[]) => void seen.push(...idsOf(entries));
    const one = reader(handle);
    await vi.waitFor(() => expect(seen).toEqual(first));
    await one.stop();
    const second = await happen(store, 150);
    reader(handle, { holder: "b" });
    await vi.waitFor(() => expect(seen).toEqual([...first, ...second]));
  });

  test("from now is given what comes after its first start, whatever it missed since", async () => {
    const { store, system, sequencer, reader } = await opened();
    sequencer();
    await happen(store, 5);
    await vi.waitFor(async () => expect(await system.logEnd()).toBe(5));
    const seen: string[] = [];
    const handle = async (entries: readonly LogEntry[]) => void seen.push(...idsOf(entries));
    const one = reader(handle, { from: "now" });
    await vi.waitFor(async () => expect(await system.get(logReaders, "audit")).toBeDefined());
    await one.stop();
    const missed = await happen(store, 3);
    reader(handle, { from: "now" });
    await vi.waitFor(() => expect(seen).toEqual(missed));
  });

  test("is given again what it did not deal with", async () => {
    const { store, sequencer, reader } = await opened();
    sequencer();
    const ids = await happen(store, 3);
    const attempts: string[][] = [];
    reader(async (entries) => {
      attempts.push(idsOf(entries));
      if (attempts.length === 1) throw new Error("not today");
    });
    await vi.waitFor(() => expect(attempts.length).toBeGreaterThan(1), 5_000);
    expect(attempts[1]?.slice(0, 1)).toEqual(ids.slice(0, 1));
  });

  test("of the same name in two processes: one works at a time, and the other takes over", async () => {
    const { store, sequencer, reader } = await opened();
    sequencer();
    const seen: string[] = [];
    const by: string[] = [];
    const handleAs = (holder: string) => async (entries: readonly LogEntry[]) => {
      seen.push(...idsOf(entries));
      by.push(holder);
    };
    const a = reader(handleAs("a"), { holder: "a" });
    const first = await happen(store, 10);
    await vi.waitFor(() => expect(seen).toEqual(first));
    reader(handleAs("b"), { holder: "b" });
    const second = await happen(store, 10);
    await vi.waitFor(() => expect(seen).toEqual([...first, ...second]));
    expect(new Set(by)).toEqual(new Set(["a"]));
    await a.stop();
    const third = await happen(store, 10);
    await vi.waitFor(() => expect(seen).toEqual([...first, ...second, ...third]));
    expect(by.at(-1)).toBe("b");
  });
});

test("a follower is told of everything from its start on", async () => {
  const { store, system, sequencer, running } = await opened();
  sequencer();
  await happen(store, 5);
  await vi.waitFor(async () => expect(await system.logEnd()).toBe(5));
  const seen: string[] = [];
  running(await followLog({ system, onEvent: ({ event }) => void seen.push(event.id), log, every: 1 }));
  const news = await happen(store, 600);
  await vi.waitFor(() => expect(seen).toEqual(news), 5_000);
});
