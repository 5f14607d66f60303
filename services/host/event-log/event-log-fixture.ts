import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { onTestFinished, vi } from "vitest";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { TenantKeySchema } from "#gen/koder/vault/store/v1/tenant_key_pb.ts";
import { sharedDatabase } from "../../../tests/support/postgres-shared.ts";
import { testFolder } from "../../store/drivers/sqlite/test-folder.ts";
import { openStore } from "../../store/open-store.ts";
import { Conflict, type Collection, type LogEntry, type Store, type SystemStore } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import type { BackgroundWork } from "../background-work.ts";
import type { Log } from "../log.ts";
import { createMetrics } from "../metrics.ts";
import { followLog, type LogFollowerOptions } from "./log-follower.ts";
import { logReaders, runLogReader, type LogReaderOptions } from "./log-reader.ts";
import { runSequencer } from "./sequencer.ts";

/** Every driver, on data of the test's own. */
export const stores = [
  { name: "memory", url: async () => "memory:" },
  { name: "sqlite", url: async () => `sqlite:${join(testFolder(), "test.db")}` },
  { name: "postgres", url: sharedDatabase },
] as const;

const things: Collection<typeof TenantKeySchema> = {
  name: "test_things",
  schema: TenantKeySchema,
  id: (record) => record.tenantId,
  events: "required",
};

/** What was logged, as a test looks at it. */
export interface LogLine {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Waits for something within a bound that a busy machine keeps. */
export const soon = <Result>(check: () => Result | Promise<Result>): Promise<Result> =>
  vi.waitFor(check, { timeout: 15_000, interval: 5 });

export const idsOf = (entries: readonly LogEntry[]): string[] => entries.map(({ event }) => event.id);

/** A store in which things happen, and what works on its event log. All of it ends with the test. */
export async function eventLogFixture(url: string) {
  const store = await openStore({ url, collections: [things, logReaders], clock: Date.now });
  const system = store.system();
  const works: BackgroundWork[] = [];
  onTestFinished(async () => {
    await Promise.all(works.map((work) => work.stop()));
    await store.close();
  });
  const running = <Work extends BackgroundWork>(work: Work): Work => {
    works.push(work);
    return work;
  };
  const lines: LogLine[] = [];
  const tell = (level: LogLine["level"]) => (fields: LogLine["fields"], message: string) =>
    void lines.push({ level, message, fields });
  const log = { info: tell("info"), warn: tell("warn"), error: tell("error") } as unknown as Log;
  const metrics = createMetrics();
  const shared = { system, clock: Date.now, log, metrics };
  return {
    store,
    system,
    lines,
    /** The value that a metric has now; undefined when it is not shown. */
    metric: (name: string): number | undefined => {
      const found = metrics
        .text()
        .split("\n")
        .find((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
      return found === undefined ? undefined : Number(found.split(" ").at(-1));
    },
    sequencer: (holder = "a", more: { readonly clock?: () => number; readonly system?: SystemStore } = {}) =>
      running(runSequencer({ ...shared, holder, times: { every: 1, lease: 200 }, ...more })),
    reader: (handle: LogReaderOptions["handle"], more: Partial<LogReaderOptions> = {}) =>
      running(
        runLogReader({
          ...shared,
          name: "audit",
          from: "beginning",
          handle,
          holder: "a",
          times: { every: 1, lease: 1_000, retry: 1, longestRetry: 8 },
          ...more,
        }),
      ),
    follower: async (listeners: LogFollowerOptions["listeners"]) =>
      running(await followLog({ ...shared, name: "caches", listeners, every: 1 })),
    happen: (count: number, tenant = "acme") => happen(store, count, tenant),
    change: (tenant: string, id: string, count: number) => change(store, tenant, id, count),
  };
}

let made = 0;

/** So many things come to be, one after the other; answers the ids of their events. */
async function happen(store: Store, count: number, tenant: string): Promise<string[]> {
  const ids = Array.from({ length: count }, () => `event${(made += 1)}`);
  for (const id of ids) {
    const event = create(EventSchema, {
      id,
      time: timestampFromMs(Date.now()),
      resourceId: id,
      resourceVersion: 1n,
    });
    await store.tenant(tenant).commit([insert(things, create(TenantKeySchema, { tenantId: id }))], [event]);
  }
  return ids;
}

/** Changes one thing so many times, beside whoever else does. */
async function change(store: Store, tenant: string, id: string, count: number): Promise<void> {
  const data = store.tenant(tenant);
  for (let done = 0; done < count;) {
    const version = (await data.get(things, id))?.version ?? 0;
    const record = create(TenantKeySchema, { tenantId: id });
    const event = create(EventSchema, {
      id: `${tenant}/${id}/${version + 1}`,
      resourceId: id,
      resourceVersion: BigInt(version + 1),
    });
    try {
      await data.commit([version === 0 ? insert(things, record) : replace(things, record, version)], [event]);
      done += 1;
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
    }
  }
}
