import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { BulkRow } from "./bulk-store.ts";
import type { Addition, Collection, IndexValue, PageQuery, Write } from "./store.ts";

// What no driver could keep or find again is refused here, with a RangeError that names it. The messages do not repeat
// ids and values: some are secrets, and errors reach logs.

/** The tenant id under which the system's own records stand. */
export const systemTenant = "system";
/** Where the end of the whole log stands among those of the tenants; no tenant's id. */
export const wholeLog = "*";

/**
 * UTF-8 bytes that an id, an index value and a record may have. A tenant's id, a value and an id are one entry of an index,
 * which PostgreSQL limits to 2,704 bytes.
 */
const longestId = 512;
const longestValue = 2_048;
const largestRecord = 1 << 20;
/** Ids in one question, and counters in one addition. */
const [mostIds, mostAdditions] = [100, 100];

/** Refuses what is no tenant's id, the system's included. */
export function checkTenantId(tenantId: string): void {
  if (!/^[0-9A-Za-z_-]{1,64}$/.test(tenantId)) throw new RangeError("a tenant id is 1 to 64 of 0-9 A-Z a-z _ -");
  if (tenantId === systemTenant) throw new RangeError("the tenant id system is the system's own");
}

/** Refuses what cannot be the id of a record or counter; `what` is the collection's name. */
export function checkId(what: string, id: string): void {
  if (typeof id !== "string" || id === "") throw new RangeError(`${what}: the id must not be empty`);
  checkText(`${what}: the id`, id, longestId);
}

/** Refuses ids of which one cannot be the id of a record, none at all, and more than can be asked for at once. */
export function checkIds(what: string, ids: readonly string[]): void {
  if (ids.length < 1 || ids.length > mostIds)
    throw new RangeError(`${what}: 1 to ${mostIds} ids can be asked for at once`);
  for (const id of ids) checkId(what, id);
}

/** Refuses additions of which one is to no counter, or two to the same, none at all, and more than can be done at once. */
export function checkAdditions(additions: readonly Addition[]): void {
  if (additions.length < 1 || additions.length > mostAdditions)
    throw new RangeError(`1 to ${mostAdditions} counters can be added to at once`);
  for (const { counter, n, expiresAt } of additions) {
    checkId("counter", counter);
    checkInteger("n", n);
    checkInteger("expiresAt", expiresAt);
  }
  if (new Set(additions.map(({ counter }) => counter)).size < additions.length)
    throw new RangeError("one counter is added to twice at once");
}

/** Refuses what an index of this type cannot hold. */
export function checkIndexValue(what: string, type: "text" | "integer", value: IndexValue): void {
  if (type === "integer") return checkInteger(what, value);
  if (typeof value !== "string") throw new RangeError(`${what}: must be text, not a ${typeof value}`);
  checkText(what, value, longestValue);
}

/** Refuses a record that is too large to be one. */
export function checkRecordSize(collection: string, bytes: Uint8Array): void {
  if (bytes.length > largestRecord) {
    throw new RangeError(`${collection}: a record of ${bytes.length} bytes is over the limit of ${largestRecord}`);
  }
}

/** Refuses what is no integer between −(2^53 − 1) and 2^53 − 1. */
export function checkInteger(what: string, value: IndexValue): void {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${what}: must be a safe integer`);
}

/** Refuses a limit outside of 1…1000. */
export function checkLimit(limit: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) throw new RangeError("the limit must be 1 to 1000");
}

/** Refuses what cannot be a lease: names without text, or a time that has passed as soon as it begins. */
export function checkLease(name: string, holder: string, ttl: number): void {
  checkId("lease", name);
  checkId("lease holder", holder);
  if (!Number.isSafeInteger(ttl) || ttl < 1) throw new RangeError("ttl: must be a whole number of milliseconds ≥ 1");
}

/** Refuses a query that the collection cannot answer. */
export function checkPageQuery(collection: Collection, query: PageQuery): void {
  checkLimit(query.limit);
  const type = typeOfIndex(collection, query.index);
  const conditions = [query.equals, query.range, query.prefix].filter((condition) => condition !== undefined);
  if (conditions.length > 1) throw new RangeError("a page takes one of equals, range and prefix");
  const what = `${collection.name}.${query.index}`;
  for (const value of [query.equals, query.range?.from, query.range?.to, query.after?.value]) {
    if (value !== undefined) checkIndexValue(what, type, value);
  }
  if (query.prefix !== undefined) {
    if (type !== "text") throw new RangeError(`${what}: a prefix wants a text index`);
    checkText(`${what}: the prefix`, query.prefix, longestValue);
  }
  if (query.after !== undefined) checkId(`${what}: the position`, query.after.id);
}

/** The type of an index of a collection, or of "id". */
export function typeOfIndex(collection: Collection, index: string): "text" | "integer" {
  if (index === "id") return "text";
  const declared = own(collection.unique, index) ?? own(collection.indexes, index);
  if (declared === undefined) throw new RangeError(`${collection.name} has no index ${index}`);
  return declared.type;
}

/** Refuses a commit that names a record twice, of nothing at all, or without the event that its collections require. */
export function checkCommit(writes: readonly Write[], events: readonly Event[]): void {
  if (writes.length + events.length === 0) throw new RangeError("a commit needs a write or an event");
  const written = new Map<string, string | Set<string>>();
  for (const write of writes) {
    const { name } = write.collection;
    const id = write.kind === "delete" ? write.id : write.collection.id(write.record);
    checkId(name, id);
    const before = written.get(name);
    // Most commits write one record of a collection: no set is made for it.
    if (before === undefined) written.set(name, id);
    else {
      const ids = typeof before === "string" ? new Set([before]) : before;
      if (ids.has(id)) throw new RangeError(`${name}: one record is written twice in a commit`);
      written.set(name, ids.add(id));
    }
    if (write.kind !== "insert") checkInteger(`${name}: the version`, write.version);
    if (write.collection.events === "required" && events.length === 0) {
      throw new RangeError(`a commit to ${name} must carry its event`);
    }
  }
}

/** What a row of a part of the store has. */
export interface BulkShape {
  readonly key: "text" | "position" | "none";
  readonly expiresAt: "always" | "maybe" | "never";
}

/** Refuses a row that its part could not keep or find again. */
export function checkBulkRow(part: string, { tenantId, key, number, expiresAt }: BulkRow, shape: BulkShape): void {
  const beside = shape.key === "none" ? [systemTenant, wholeLog] : [systemTenant];
  if (!beside.includes(tenantId)) checkTenantId(tenantId);
  if (shape.key === "text") checkId(part, key as string);
  else if (shape.key === "position" ? !Number.isSafeInteger(key) || Number(key) < 1 : key !== "") {
    throw new RangeError(`${part}: the key must be ${shape.key === "position" ? "a position from 1 on" : "empty"}`);
  }
  checkInteger(`${part}: the number`, number);
  if (expiresAt !== undefined) checkInteger(`${part}: expiresAt`, expiresAt);
  if (shape.expiresAt !== "maybe" && (expiresAt !== undefined) !== (shape.expiresAt === "always")) {
    throw new RangeError(`${part}: a row ${shape.expiresAt} expires`);
  }
}

/** Text that every engine gives back as it was: well-formed, and without NUL, which PostgreSQL refuses. */
function checkText(what: string, text: string, longest: number): void {
  if (!text.isWellFormed() || text.includes("\0")) {
    throw new RangeError(`${what}: must be well-formed text without NUL`);
  }
  if (Buffer.byteLength(text) > longest) throw new RangeError(`${what}: is longer than ${longest} bytes`);
}

function own<Value>(values: Readonly<Record<string, Value>> | undefined, name: string): Value | undefined {
  return values !== undefined && Object.hasOwn(values, name) ? values[name] : undefined;
}
