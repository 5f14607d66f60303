import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { beforeEach, expect, test } from "vitest";
import { CredentialUseSchema } from "#gen/koder/admin/store/v1/personal_access_token_pb.ts";
import { ListEventsRequestSchema } from "#gen/koder/admin/v1/event_service_pb.ts";
import { ActorType, EpochBumpedSchema, RoleDeletedSchema, UserErasedSchema } from "#gen/koder/events/v1/event_pb.ts";
import type { Call } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { reasonOf } from "../../host/testing/refusal.ts";
import { LogReaderSchema } from "#gen/koder/host/store/v1/log_reader_pb.ts";
import { logReaders } from "../../host/event-log/log-reader.ts";
import { insert, replace } from "../../store/writes.ts";
import { credentialUses } from "../collections.ts";
import { adminFixture, keyHolding, otherTenantId, tenantId } from "../api-keys/admin-fixture.ts";
import { notePersonEvents, personEventsReader } from "../person-events/note-person-events.ts";
import { lastNumber } from "./last-number.ts";
import { listEvents } from "./list-events.ts";

type Init = MessageInitShape<typeof ListEventsRequestSchema>;
const auditor = keyHolding(["audit.read"]);
let f: Awaited<ReturnType<typeof adminFixture>>;
beforeEach(async () => {
  f = await adminFixture();
});

/** Puts events into a tenant's log, each a second after the one before: of users, and every third of a role. */
async function happen(count: number, of: string = tenantId): Promise<void> {
  const { store, system, clock } = f.dependencies;
  for (let at = 0; at < count; at += 1) {
    const isRole = at % 3 === 2;
    const call = { requestId: `r${at}`, tenantId: of, actor: { id: `a${at % 2}`, type: ActorType.USER } };
    const payload = isRole
      ? ({ case: "roleDeleted", value: create(RoleDeletedSchema) } as const)
      : ({ case: "userErased", value: create(UserErasedSchema) } as const);
    const event = eventOf(call, clock(), { type: isRole ? "role" : "user", id: `x${at}`, version: 1 }, payload);
    const use = create(CredentialUseSchema, { id: `${of}/${at}` });
    await store.tenant(of).commit([insert(credentialUses, use)], [event]);
    f.advance(1_000);
  }
  const lease = await system.lease("sequencer", "test", 60_000);
  if (lease === undefined) throw new Error("no lease");
  while ((await system.sequence(lease, 1_000)) > 0);
  await system.release(lease);
}
const list = (init: Init = {}, overrides: Partial<Call> = auditor) =>
  listEvents(f.dependencies)(create(ListEventsRequestSchema, init), f.context(overrides));
const numbers = async (init: Init = {}, overrides: Partial<Call> = auditor) => {
  const seen: number[] = [];
  let pageToken = "";
  do {
    const page = await list({ ...init, pageToken }, overrides);
    seen.push(...page.events.map(({ number }) => Number(number)));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return seen;
};
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

test("all events of the tenant, newest or oldest first, each once, whatever the size of a page", async () => {
  await happen(450);
  await happen(3, otherTenantId);
  for (const pageSize of [1, 7, 200]) {
    expect(await numbers({ pageSize, oldestFirst: true })).toEqual(upTo(450));
    expect(await numbers({ pageSize })).toEqual(upTo(450).toReversed());
  }
  expect(await numbers({}, { ...auditor, tenantId: otherTenantId })).toEqual([3, 2, 1]);
});

test("an empty log is an empty page", async () => {
  expect(await list()).toMatchObject({ events: [], nextPageToken: "" });
});

test("those that every filter matches", async () => {
  await happen(9);
  expect(await numbers({ type: "role_deleted" })).toEqual([9, 6, 3]);
  expect(await numbers({ resourceType: "user", actorId: "a1" })).toEqual([8, 4, 2]);
  expect(await numbers({ resourceId: "x4" })).toEqual([5]);
  expect(await numbers({ requestId: "r0" })).toEqual([1]);
  const start = Date.UTC(2026, 0, 1);
  const between = { fromTime: timestampFromMs(start + 2_000), toTime: timestampFromMs(start + 5_000) };
  expect(await numbers(between)).toEqual([5, 4, 3]);
  expect([await numbers({ afterNumber: 7n }), await numbers({ afterNumber: 7n, oldestFirst: true })]).toEqual([
    [9, 8],
    [8, 9],
  ]);
  expect(await numbers({ type: "mail_given_up" })).toEqual([]);
});

test("those of one person are found among the stretches that are noted of them, and what was not noted yet", async () => {
  const { store, system, clock } = f.dependencies;
  const data = store.tenant(tenantId);
  const [ana, bob] = ["01JANA00000000000000000000", "01JB0B00000000000000000000"];
  const add = async (count: number, own: readonly number[]) => {
    for (let at = 0; at < count; at += 1) {
      const call = { requestId: "r", tenantId, actor: { id: bob, type: ActorType.USER } };
      const id = own.includes(at) ? ana : bob;
      const payload = { case: "epochBumped", value: create(EpochBumpedSchema) } as const;
      const event = eventOf(call, clock(), { type: "epoch", id: `user/${id}`, version: 1 }, payload);
      await data.commit([insert(credentialUses, create(CredentialUseSchema, { id: `${clock()}/${at}` }))], [event]);
      f.advance(1);
    }
    const lease = await system.lease("sequencer", "test", 60_000);
    if (lease === undefined) throw new Error("no lease");
    while ((await system.sequence(lease, 1_000)) > 0);
    await system.release(lease);
  };
  const note = async () => {
    const stored = await system.get(logReaders, personEventsReader);
    const entries = await system.log(Number(stored?.record.position ?? 0n), 1_000);
    await notePersonEvents(f.dependencies).handle(entries);
    const position = BigInt(entries.at(-1)?.position ?? 0);
    const record = create(LogReaderSchema, { name: personEventsReader, position });
    await system.commit([stored ? replace(logReaders, record, stored.version) : insert(logReaders, record)], []);
  };
  const expected = [1, 65, 500, 640, 901, 1_000];
  const isSaid = async (init: Init, numbersOf: readonly number[]) => {
    expect(await numbers({ userId: ana, oldestFirst: true, ...init })).toEqual(numbersOf);
    expect(await numbers({ userId: ana, ...init })).toEqual(numbersOf.toReversed());
  };
  await add(900, [0, 64, 499, 639]);
  await isSaid({}, expected.slice(0, 4));
  await note();
  await add(100, [0, 99]);
  for (const pageSize of [1, 4, 200]) await isSaid({ pageSize }, expected);
  await isSaid({ afterNumber: 65n }, expected.slice(2));
  await isSaid({ afterNumber: 901n }, expected.slice(5));
  await note();
  for (const pageSize of [1, 200]) await isSaid({ pageSize }, expected);
  expect(await numbers({ userId: "01JN0B0DY00000000000000000" })).toEqual([]);
  // One page, however far apart they are: the rest is not looked at.
  let read = 0;
  const counted = {
    ...f.dependencies,
    store: {
      tenant: (of: string) => ({
        ...store.tenant(of),
        events: (after: number, limit: number) => ((read += 1), store.tenant(of).events(after, limit)),
      }),
    },
  } as unknown as typeof f.dependencies;
  await listEvents(counted)(create(ListEventsRequestSchema, { userId: ana }), f.context(auditor));
  expect(read).toBeLessThan(60);
});

test("whoever filters much goes on by the token of an empty page", async () => {
  await happen(2_100);
  const first = await list({ resourceId: "x0" });
  expect([first.events, first.nextPageToken === ""]).toEqual([[], false]);
  expect(await numbers({ resourceId: "x0" })).toEqual([1]);
});

test("A22, A32: a token is its own listing's, and what stands above tenants is for INSTANCE authority", async () => {
  await happen(3);
  const { nextPageToken: pageToken } = await list({ pageSize: 1 });
  expect(await reasonOf(list({ pageToken, type: "role_deleted" }))).toBe("PAGE_TOKEN_INVALID");
  expect(await reasonOf(list({ pageToken }, { ...auditor, tenantId: otherTenantId }))).toBe("PAGE_TOKEN_INVALID");
  expect(await reasonOf(list({ instance: true }))).toBe("PERMISSION_DENIED");
  expect(await reasonOf(list({ instance: true }, keyHolding(["audit.read"], true)))).toBe("ok");
});

test("the end is found among any number of events", async () => {
  for (const end of [0, 1, 2, 3, 4, 5, 1_000, 65_536, 1_000_003]) {
    const reads: number[] = [];
    const events = (after: number) => {
      reads.push(after);
      return Promise.resolve(after < end ? [{} as never] : []);
    };
    expect([end, await lastNumber({ events })]).toEqual([end, end]);
    expect(reads.length).toBeLessThan(50);
  }
});

test("a type that no event has is refused, also one that is another field's name", async () => {
  await happen(3);
  expect(await numbers({ type: "role_deleted" })).toEqual([3]);
  for (const type of ["nonsense", "resource_type"]) expect(await reasonOf(list({ type }))).toBe("INVALID_REQUEST");
});
