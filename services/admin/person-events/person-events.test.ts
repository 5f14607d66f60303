import { join } from "node:path";
import { create, toJson } from "@bufbuild/protobuf";
import { expect, onTestFinished, test } from "vitest";
import { CredentialUseSchema } from "#gen/koder/admin/store/v1/personal_access_token_pb.ts";
import { CollectEventsRequestSchema } from "#gen/koder/admin/v1/personal_data_internal_pb.ts";
import { ActorType, EventSchema, type Event } from "#gen/koder/events/v1/event_pb.ts";
import { LogReaderSchema } from "#gen/koder/host/store/v1/log_reader_pb.ts";
import { sharedDatabase } from "../../../tests/support/postgres-shared.ts";
import { eventOf } from "../../host/event.ts";
import { logReaders } from "../../host/event-log/log-reader.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { testFolder } from "../../store/drivers/sqlite/test-folder.ts";
import { openStore } from "../../store/open-store.ts";
import { insert, replace } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import { adminCollections, credentialUses, personEvents } from "../collections.ts";
import { collectEvents } from "./collect-events.ts";
import { notePersonEvents, personEventsReader } from "./note-person-events.ts";

const [ana, bob, tenantId, otherTenantId] = [
  "01JANA00000000000000000000",
  "01JB0B00000000000000000000",
  "01JTENANT00000000000000000",
  "01JZTHER000000000000000000",
] as const;
const userType = ActorType.USER;
const [byAna, byNobody] = [
  { id: ana, type: userType },
  { id: "", type: ActorType.UNSPECIFIED },
];
type DropFirst<List extends readonly unknown[]> = List extends readonly [unknown, ...infer Rest] ? Rest : never;
type Payload = Exclude<Event["payload"], { case: undefined }>;

async function fixture(url: string) {
  let now = Date.UTC(2026, 0, 1);
  const clock = () => now;
  const store = await openStore({ url, collections: [...adminCollections, logReaders], clock });
  onTestFinished(() => store.close());
  const system = store.system();
  const dependencies = { store, system };
  const reading = notePersonEvents(dependencies);
  const collect = collectEvents(dependencies);

  /** Something happened, all in one commit. It waits in the outbox. */
  async function happen(
    resources: readonly (readonly [string, string])[],
    payload: Payload,
    actor: { readonly id: string; readonly type: ActorType } = byAna,
    of: string = tenantId,
  ): Promise<void> {
    const call = { requestId: "r", tenantId: of, actor };
    const events = resources.map(([type, id]) => eventOf(call, (now += 1), { type, id, version: 1 }, payload));
    const use = create(CredentialUseSchema, { id: ulid(now) });
    await (of === "system" ? system : store.tenant(of)).commit([insert(credentialUses, use)], events);
  }
  const happens = (resource: readonly [string, string], ...rest: DropFirst<Parameters<typeof happen>>) =>
    happen([resource], ...rest);
  async function enter(): Promise<void> {
    const lease = await system.lease("sequencer", "test", 60_000);
    if (lease === undefined) throw new Error("no lease");
    while ((await system.sequence(lease, 1_000)) > 0);
    await system.release(lease);
  }
  /** As the reader of the log does, from where it is, in batches of `size`. */
  async function note(size = 100): Promise<void> {
    for (;;) {
      const stored = await system.get(logReaders, personEventsReader);
      const entries = await system.log(Number(stored?.record.position ?? 0n), size);
      const last = entries.at(-1);
      if (last === undefined) return;
      await reading.handle(entries);
      const record = create(LogReaderSchema, { name: personEventsReader, position: BigInt(last.position) });
      await system.commit([stored ? replace(logReaders, record, stored.version) : insert(logReaders, record)], []);
    }
  }
  async function collected(userId: string, of: string = tenantId, instance = true): Promise<Event[]> {
    const events: Event[] = [];
    let after = "";
    do {
      const part = await collect(
        create(CollectEventsRequestSchema, { userId, after, instance }),
        handlerContext({ tenantId: of }),
      );
      events.push(...part.events);
      after = part.next;
    } while (after !== "");
    return events;
  }
  const seen = async (userId: string, of?: string, instance?: boolean) =>
    (await collected(userId, of, instance)).map(({ resourceId }) => resourceId);
  const notes = async () => (await store.tenant(tenantId).page(personEvents, { index: "id", limit: 1_000 })).items;
  return { happen, happens, enter, note, reading, collected, collect, seen, notes, system };
}

const updated: Payload = {
  case: "userUpdated",
  value: { $typeName: "koder.events.v1.UserUpdated", paths: [], status: "" },
};
const created: Payload = { case: "userCreated", value: { $typeName: "koder.events.v1.UserCreated", username: "" } };
const renamed: Payload = {
  case: "userUpdated",
  value: { $typeName: "koder.events.v1.UserUpdated", paths: ["name"], status: "" },
};
const erased: Payload = { case: "userErased", value: { $typeName: "koder.events.v1.UserErased" } };
const keyMade: Payload = {
  case: "apiKeyCreated",
  value: { $typeName: "koder.events.v1.ApiKeyCreated", displayName: "k" },
};
const session = (userId: string): Payload => ({
  case: "sessionCreated",
  value: { $typeName: "koder.events.v1.SessionCreated", userId, amr: ["pwd"] },
});

const drivers = [
  { driver: "memory", urlOf: async () => "memory:" },
  { driver: "sqlite", urlOf: async () => `sqlite:${join(testFolder(), "events.db")}` },
  { driver: "postgres", urlOf: sharedDatabase },
] as const;

test.each(drivers)(
  "what they did and what was done to them, once each, wherever it is, on $driver",
  async ({ urlOf }) => {
    const f = await fixture(await urlOf());
    await f.happens(["user", ana], created, { id: "k", type: ActorType.API_KEY });
    for (let at = 0; at < 150; at += 1)
      await f.happens(["session", `s${at}`], session(at % 50 === 0 ? ana : bob), byNobody);
    await f.happens(["session", "elsewhere"], session(ana), byNobody, otherTenantId);
    await f.happens(
      ["tenant", "made"],
      { case: "tenantUpdated", value: { $typeName: "koder.events.v1.TenantUpdated", paths: [] } },
      byAna,
      "system",
    );
    await f.enter();
    await f.note(7);
    await f.happens(["api_key", "entered"], keyMade);
    await f.enter();
    await f.happens(["api_key", "waits"], keyMade);
    const expected = [ana, "s0", "s50", "s100", "made", "entered", "waits"];
    expect(await f.seen(ana)).toEqual(expected);
    // What entered the log or was noted since is found where it is then.
    await f.enter();
    expect(await f.seen(ana)).toEqual(expected);
    await f.note();
    expect((await f.seen(ana)).toSorted()).toEqual(expected.toSorted());
    expect(await f.seen(bob)).toHaveLength(147);
    expect(await f.seen(ana, otherTenantId)).toEqual(["elsewhere", "made"]);
    // Of two hundred events there are three stretches, and of Ana a note for each.
    expect((await f.notes()).filter(({ record }) => record.userId === ana)).toHaveLength(3);
  },
);

test.each(drivers)(
  "a thousand at a time, whatever moves on in between, on $driver",
  { timeout: 120_000 },
  async ({ urlOf }) => {
    const f = await fixture(await urlOf());
    const some = (from: number, to: number) => {
      const sessions = Array.from({ length: to - from }, (_, at) => ["session", `s${from + at}`] as const);
      return f.happen(sessions, session(ana), byNobody);
    };
    await some(0, 1_100);
    await f.enter();
    await f.note();
    await some(1_100, 2_150);
    await f.enter();
    await some(2_150, 2_160);
    const parts: string[][] = [];
    let after = "";
    do {
      const part = await f.collect(
        create(CollectEventsRequestSchema, { userId: ana, after }),
        handlerContext({ tenantId }),
      );
      parts.push(part.events.map(({ resourceId }) => resourceId));
      after = part.next;
      await f.enter();
      await f.note();
    } while (after !== "");
    expect(parts.map(({ length }) => length)).toEqual([1_000, 1_000, 160]);
    expect(parts.flat()).toEqual(Array.from({ length: 2_160 }, (_, at) => `s${at}`));
  },
);

test("what is given twice is noted once; of whoever is erased it stays, as in the log", async () => {
  const f = await fixture("memory:");
  await f.happens(["user", ana], created, { id: "auth", type: ActorType.SERVICE });
  await f.happens(["session", "s1"], session(ana), byNobody);
  await f.happens(["session", "s2"], session(bob), byNobody);
  await f.enter();
  await f.note();
  await f.reading.handle(await f.system.log(0, 100));
  expect(await f.notes()).toHaveLength(2);
  await f.happens(["user", ana], erased, { id: bob, type: userType });
  await f.happens(["session", "s1"], session(ana), { id: "session", type: ActorType.SERVICE });
  await f.enter();
  await f.note(1);
  expect((await f.notes()).map(({ record }) => record.userId)).toEqual([ana, bob]);
  expect(await f.seen(ana)).toEqual([ana, "s1", ana, "s1"]);
});

test("nothing in it is another person's: neither who acted, nor whom they acted upon", async () => {
  const f = await fixture("memory:");
  const assigned: Payload = {
    case: "roleAssigned",
    value: { $typeName: "koder.events.v1.RoleAssigned", roleId: "support", subject: `user/${bob}` },
  };
  await f.happens(["user", ana], updated, { id: bob, type: userType });
  await f.happens(["user", bob], renamed);
  await f.happens(["role_assignment", "a1"], assigned);
  await f.happens(["user", ana], updated);
  await f.enter();
  const events = await f.collected(ana);
  const shown = events.map(
    (event) => toJson(EventSchema, event, { useProtoFieldName: true }) as Record<string, unknown>,
  );
  expect(JSON.stringify(shown)).not.toContain(bob);
  const user = "ACTOR_TYPE_USER";
  expect(shown).toMatchObject([
    { resource_id: ana, actor: { type: user }, user_updated: {} },
    { resource_type: "user", actor: { id: ana, type: user }, user_updated: {} },
    { resource_type: "role_assignment", actor: { id: ana, type: user }, role_assigned: {} },
    { resource_id: ana, actor: { id: ana, type: user }, user_updated: {} },
  ]);
  expect(shown[1]).not.toHaveProperty("resource_id");
  expect([shown[1]?.["user_updated"], shown[2]?.["role_assigned"]]).toEqual([{}, {}]);
  // The log keeps what happened.
  expect((await f.system.log(0, 10))[1]?.event).toMatchObject({
    resourceId: bob,
    payload: { value: { paths: ["name"] } },
  });
});

test("A32: what stands above tenants is among them only where that is asked for, wherever it is and however one goes on", async () => {
  const f = await fixture("memory:");
  const above = (id: string) => f.happens(["api_key", id], keyMade, byAna, "system");
  await f.happens(["session", "s1"], session(ana), byNobody);
  await above("noted");
  await f.enter();
  await f.note();
  await above("entered");
  await f.happens(["session", "s2"], session(ana), byNobody);
  await f.enter();
  await above("waits");
  expect(await f.seen(ana, tenantId, false)).toEqual(["s1", "s2"]);
  expect(await f.seen(ana, tenantId, true)).toEqual(["s1", "noted", "entered", "s2", "waits"]);
  const after = "instance:0:0";
  const { events } = await f.collect(
    create(CollectEventsRequestSchema, { userId: ana, after }),
    handlerContext({ tenantId }),
  );
  expect(events.filter(({ payload }) => payload.case === "apiKeyCreated")).toEqual([]);
});
