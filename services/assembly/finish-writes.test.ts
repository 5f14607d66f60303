import { create } from "@bufbuild/protobuf";
import { expect, onTestFinished, test, vi } from "vitest";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { RequestRecordSchema } from "#gen/koder/host/store/v1/request_record_pb.ts";
import { createBeat } from "../host/beat.ts";
import { logReaders } from "../host/event-log/log-reader.ts";
import { createLog } from "../host/log.ts";
import { createMetrics } from "../host/metrics.ts";
import type { ServiceModule } from "../host/service-module.ts";
import { openStore } from "../store/open-store.ts";
import type { Collection } from "../store/store.ts";
import { insert } from "../store/writes.ts";
import { finishWrites, finishWritesLeftBehind } from "./finish-writes.ts";

const things: Collection<typeof RequestRecordSchema> = {
  name: "test_things",
  schema: RequestRecordSchema,
  id: (record) => record.id,
  events: "required",
};
const log = createLog({ level: "silent" });

async function opened() {
  const store = await openStore({ url: "memory:", collections: [things, logReaders], clock: Date.now });
  onTestFinished(() => store.close());
  const system = store.system();
  const given: string[] = [];
  const module: ServiceModule = {
    name: "identity",
    implementations: [],
    finishWrite: async ({ tenantId, event }) => void given.push(`${tenantId}/${event.id}`),
  };
  const happen = async (count: number, from = 0) => {
    const ids = Array.from({ length: count }, (_, n) => `e${from + n}`);
    for (const id of ids) {
      const event = create(EventSchema, { id, tenantId: "acme", resourceType: "thing", resourceId: id });
      await store.tenant("acme").commit([insert(things, create(RequestRecordSchema, { id }))], [event]);
    }
    return ids.map((id) => `acme/${id}`);
  };
  const sequence = async () => {
    const lease = await system.lease("sequencer", "test", 60_000);
    if (lease === undefined) throw new Error("the lease is held");
    while ((await system.sequence(lease, 200)) > 0);
  };
  return { system, given, module, happen, sequence };
}

test("before the process serves, everything that no reader was given is: in the log and before it", async () => {
  const { system, given, module, happen, sequence } = await opened();
  const inLog = await happen(600);
  await sequence();
  const inOutbox = await happen(3, 600);
  await finishWritesLeftBehind(system, [module, { name: "auth", implementations: [] }]);
  expect(given.toSorted()).toEqual([...inLog, ...inOutbox].toSorted());
});

test("a start looks at the end of a long log only: the rest is the readers' work", async () => {
  const { system, given, module, happen, sequence } = await opened();
  const all = await happen(2_600);
  await sequence();
  await finishWritesLeftBehind(system, [module]);
  expect(given).toEqual(all.slice(-2_000));
});

test("what a reader was given is not given again at the next start", async () => {
  const { system, given, module, happen, sequence } = await opened();
  const before = await happen(5);
  await sequence();
  const [reader] = finishWrites({
    beat: createBeat(),
    system,
    modules: [module],
    holder: "a",
    clock: Date.now,
    log,
    metrics: createMetrics(),
  });
  await vi.waitFor(() => expect(given).toEqual(before), 5_000);
  await vi.waitFor(async () => {
    expect((await system.get(logReaders, "finish-writes/identity"))?.record.position).toBe(5n);
  }, 5_000);
  await reader?.stop();
  const after = await happen(2, 5);
  given.length = 0;
  await finishWritesLeftBehind(system, [module]);
  expect(given).toEqual(after);
});
