import { create } from "@bufbuild/protobuf";
import { LogReaderSchema } from "#gen/koder/host/store/v1/log_reader_pb.ts";
import { tenants } from "../../services/admin/collections.ts";
import { notePersonEvents, personEventsReader } from "../../services/admin/person-events/note-person-events.ts";
import { defaultTenantSlug } from "../../services/admin/tenants/default-tenant.ts";
import { readerOf } from "../../services/assembly/finish-writes.ts";
import { accountChangesReader } from "../../services/auth/account/tell-account-changed.ts";
import { serviceNames } from "../../services/host/call.ts";
import { logReaders } from "../../services/host/event-log/log-reader.ts";
import { users } from "../../services/identity/collections.ts";
import type { Lease, Store, SystemStore } from "../../services/store/store.ts";
import { insert, replace } from "../../services/store/writes.ts";
import { madeTenant, madeUser, type Population } from "./population.ts";

/** Counts up with every change of what the loader writes: a store that an older one has filled is filled anew. */
export const loaderVersion = 4;

/** Records of a commit, and commits under way at a time. */
const batch = 500;
const atOnce = 8;
/** Over so many milliseconds until now the users and tenants were created, one after the other. */
const history = 2 * 365 * 86_400_000;

/**
 * Fills a store that a server has started on once, by commits of the store contract: each record with the event that tells
 * of it, as the services write them, and moves the events to the log. No server may run on it meanwhile.
 */
export async function loadStore(
  store: Store,
  population: Population,
  onProgress: (users: number) => void = () => {},
): Promise<void> {
  const system = store.system();
  const first = await system.find(tenants, "slug", defaultTenantSlug);
  if (first === undefined) throw new Error("no server has started on this store yet: it has no default tenant");
  const began = Date.now() - history;
  const others = await loadTenants(system, population.tenants - 1, began);
  await loadUsers(store, [first.record.id, ...others], population.users, began, onProgress);
  await sequenceAll(system);
  await noteWhomEventsConcern(store);
  await readToTheEnd(system);
}

async function loadTenants(system: SystemStore, count: number, now: number): Promise<readonly string[]> {
  const made = Array.from({ length: count }, (_, at) => madeTenant(at + 1, now));
  await inParallel(Math.ceil(count / batch), async (part) => {
    const some = made.slice(part * batch, (part + 1) * batch);
    await system.commit(
      some.map(({ record }) => insert(tenants, record)),
      some.map(({ event }) => event),
    );
  });
  return made.map(({ record }) => record.id);
}

/** Half of the users to the first tenant, as many as are left to each of the others. */
async function loadUsers(
  store: Store,
  [first = "", ...others]: readonly string[],
  count: number,
  began: number,
  onProgress: (users: number) => void,
): Promise<void> {
  const step = history / count;
  let made = 0;
  /** Users with the next numbers. */
  const commit = async (tenantId: string, size: number): Promise<void> => {
    const some = Array.from({ length: size }, () => {
      made += 1;
      return madeUser(made, tenantId, Math.floor(began + made * step));
    });
    onProgress(made);
    await store.tenant(tenantId).commit(
      some.map(({ record }) => insert(users, record)),
      some.map(({ event }) => event),
    );
  };
  const ofFirst = others.length === 0 ? count : Math.floor(count / 2);
  const parts = [
    ...partsOf(first, ofFirst),
    ...others.flatMap((id, at) => partsOf(id, shareOf(at, others.length, count - ofFirst))),
  ];
  await inParallel(parts.length, async (at) => {
    const part = parts[at];
    if (part !== undefined) await commit(part.tenantId, part.size);
  });
}

const shareOf = (at: number, parts: number, count: number): number =>
  Math.floor(((at + 1) * count) / parts) - Math.floor((at * count) / parts);

function partsOf(tenantId: string, count: number): readonly { readonly tenantId: string; readonly size: number }[] {
  return Array.from({ length: Math.ceil(count / batch) }, (_, at) => ({
    tenantId,
    size: Math.min(batch, count - at * batch),
  }));
}

/** What a server would do in the background for an hour. */
async function sequenceAll(system: SystemStore): Promise<void> {
  const most = 1_000;
  let lease: Lease | undefined;
  for (let moved = most; moved === most;) {
    if (lease === undefined || lease.expiresAt - Date.now() < 5_000) {
      lease = await system.lease("sequencer", "bench-loader", 10_000);
    }
    if (lease === undefined) throw new Error("a server sequences the events of this store: stop it first");
    moved = await system.sequence(lease, most);
  }
  if (lease !== undefined) await system.release(lease);
}

/** What a reader of the log would write while a server runs, for minutes beside what is measured. */
async function noteWhomEventsConcern(store: Store): Promise<void> {
  const system = store.system();
  const { handle } = notePersonEvents({ store, system });
  for (let at = 0; ;) {
    const entries = await system.log(at, 1_000);
    const last = entries.at(-1);
    if (last === undefined) return;
    await handle(entries);
    at = last.position;
  }
}

/** The readers of the log have come to its end: of what was created here, nothing else follows. */
async function readToTheEnd(system: SystemStore): Promise<void> {
  const position = BigInt(await system.logEnd());
  const ofServices = serviceNames.map((service) => readerOf({ name: service }));
  for (const name of [personEventsReader, accountChangesReader, ...ofServices]) {
    const record = create(LogReaderSchema, { name, position });
    const stored = await system.get(logReaders, name);
    const write = stored === undefined ? insert(logReaders, record) : replace(logReaders, record, stored.version);
    await system.commit([write], []);
  }
}

/** Runs pieces of work, so many at a time, in their order. */
async function inParallel(count: number, work: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < count) {
        next += 1;
        await work(next - 1);
      }
    }),
  );
}
