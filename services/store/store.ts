import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { BulkStore } from "./bulk-store.ts";

/**
 * The store contract. Every driver keeps these promises; `conformance.ts` checks them.
 *
 * - A commit is atomic and durable: when its promise resolves, all of its writes and its events survive a crash of
 *   the process and of the machine; when it rejects with {@link Conflict}, none of them happened.
 * - A read that starts after a commit resolved sees that commit.
 * - Everything reached through a {@link TenantStore} belongs to that tenant; there is no way from one to another.
 * - Records are stored as binary protobuf and unknown fields survive a rewrite (rolling upgrades).
 * - A record past its expiry is absent for every operation, before and after the sweeper has removed it.
 *
 * Errors: {@link Conflict} for a lost race or a taken key; {@link LeaseLost}; {@link StoreUnavailable} when the store cannot answer
 * (the outcome of a commit is then "not done", unless `outcome` says "unknown").
 */
export interface Store {
  /** The handle of one tenant. Cheap: call it once a request. Throws a RangeError on an empty or malformed tenant id. */
  tenant(tenantId: string): TenantStore;
  /** The one handle above tenants: tenant directory, event log, migrations, sweeper. Given only to what `main` wires. */
  system(): SystemStore;
  /** Whole rows of all tenants. Given only to what moves a store or fills one, never to what serves. */
  bulk(): BulkStore;
  /** Resolves when the store can serve reads and durable writes; rejects with StoreUnavailable otherwise. */
  ping(): Promise<void>;
  /** Finishes the commits under way, then closes. Idempotent. */
  close(): Promise<void>;
}

/** A value of an index column: text, or an integer (|n| ≤ 2^53 − 1; times are milliseconds since the epoch). */
export type IndexValue = string | number;

/** One secondary index: its column type and how its value is read from the record; undefined = not indexed. */
export interface Index<Desc extends DescMessage> {
  readonly type: "text" | "integer";
  readonly value: (record: MessageShape<Desc>) => IndexValue | undefined;
}

/** What a service declares about one kind of record that it keeps. */
export interface Collection<Desc extends DescMessage = DescMessage> {
  /** `<service>_<plural>`, e.g. `identity_users`: lower-case letters, digits, underscores; names a table. */
  readonly name: string;
  /** The message of the service's `store.v1` package. */
  readonly schema: Desc;
  /** The record's id, unique within tenant and collection. */
  readonly id: (record: MessageShape<Desc>) => string;
  /** Unique secondary indexes: at most one live record of a tenant has a value. */
  readonly unique?: Readonly<Record<string, Index<Desc>>>;
  /** Plain secondary indexes, for pages. */
  readonly indexes?: Readonly<Record<string, Index<Desc>>>;
  /** When the record stops existing, in milliseconds since the epoch; undefined = never. */
  readonly expiresAt?: (record: MessageShape<Desc>) => number | undefined;
  /**
   * "required": a commit that writes this collection must carry an event of the record. "none" is for what is no state
   * of the product: counters' kin, one-time proofs, pending steps that expire by themselves.
   */
  readonly events: "required" | "none";
}

/** A record as read: the message is the caller's own copy; the version is what replace and delete compare. */
export interface Stored<Desc extends DescMessage> {
  readonly record: MessageShape<Desc>;
  readonly version: number;
}

/** One write of a commit. Build them with `insert`, `replace` and `remove` of `writes.ts`, which check the types. */
export type Write =
  | { readonly kind: "insert"; readonly collection: Collection; readonly record: MessageShape<DescMessage> }
  | {
      readonly kind: "replace";
      readonly collection: Collection;
      readonly record: MessageShape<DescMessage>;
      readonly version: number;
    }
  | { readonly kind: "delete"; readonly collection: Collection; readonly id: string; readonly version: number };

/** Which records a page holds, and in which order. Records that lack the indexed value are not part of it. */
export interface PageQuery {
  /** Name of an index of the collection (plain or unique), or "id". */
  readonly index: string;
  /** At most one of these three; none of them = all. */
  readonly equals?: IndexValue;
  readonly range?: { readonly from?: IndexValue; readonly to?: IndexValue }; // from inclusive, to exclusive
  readonly prefix?: string; // text indexes only; compared by code point
  /** Descending by (index value, id) instead of ascending. */
  readonly descending?: boolean;
  /** 1…1000. */
  readonly limit: number;
  /** Where the page before ended: its `next`. */
  readonly after?: PagePosition;
}

/** Keyset position: the last (value, id) that was given. Plain data; services authenticate it before it leaves them. */
export interface PagePosition {
  readonly value: IndexValue;
  readonly id: string;
}

export interface Page<Desc extends DescMessage> {
  readonly items: readonly Stored<Desc>[];
  /** Present when more may follow. A record that stays unchanged is given exactly once, whatever else is written. */
  readonly next?: PagePosition;
}

/** What is added to a counter. */
export interface Addition {
  readonly counter: string;
  /** May be negative. */
  readonly n: number;
  /** Set when the counter starts, in milliseconds since the epoch, and kept until it expires. */
  readonly expiresAt: number;
}

/** The data of one tenant. */
export interface TenantStore {
  readonly tenantId: string;
  get<Desc extends DescMessage>(collection: Collection<Desc>, id: string): Promise<Stored<Desc> | undefined>;
  /** Several at once, 1 to 100 of them, as they are at one moment: in the order of the ids, undefined where `get` would be. */
  getAll<Desc extends DescMessage>(
    collection: Collection<Desc>,
    ids: readonly string[],
  ): Promise<readonly (Stored<Desc> | undefined)[]>;
  /** The version of a record that is there, unread: says at little cost whether what was read before is still so. */
  version<Desc extends DescMessage>(collection: Collection<Desc>, id: string): Promise<number | undefined>;
  /** By a unique index. */
  find<Desc extends DescMessage>(
    collection: Collection<Desc>,
    index: string,
    value: IndexValue,
  ): Promise<Stored<Desc> | undefined>;
  page<Desc extends DescMessage>(collection: Collection<Desc>, query: PageQuery): Promise<Page<Desc>>;
  /**
   * Adds n (may be negative) to a counter and answers its new value, atomically and durably; a counter that does not
   * exist or has expired starts at 0. `expiresAt` (ms) is set when the counter starts and kept until it expires.
   */
  add(counter: string, n: number, expiresAt: number): Promise<number>;
  /** The same of several counters, 1 to 100 and each another one, all or nothing; answers their new values in that order. */
  addAll(additions: readonly Addition[]): Promise<readonly number[]>;
  /**
   * All or nothing. insert: the id and every unique value must be free. replace and delete: the record must be at
   * `version`. Versions start at 1 and grow by one with each replace. No two writes of one commit may name the same
   * record (RangeError). Events are appended to the outbox in the order given, in the same transaction; they may be all of it,
   * where what happened leaves no record here.
   */
  commit(writes: readonly Write[], events: readonly Event[]): Promise<void>;
  /** The tenant's part of the event log behind a number, oldest first. */
  events(after: number, limit: number): Promise<readonly LogEntry[]>;
  /** Deletes up to `limit` records of a collection, or of all collections and counters; answers how many. */
  deleteRange(collection: Collection | "everything", limit: number): Promise<number>;
}

/** What only the wiring may use. Its records live beside all tenants, under the reserved tenant id "system". */
export interface SystemStore extends TenantStore {
  /** Removes up to `limit` expired records and counters, of any tenant; answers how many. */
  sweep(limit: number): Promise<number>;
  /** Unsequenced events, oldest first: position grows in commit order per resource. */
  outbox(after: number, limit: number): Promise<readonly OutboxEntry[]>;
  /**
   * Takes a lease, or takes it anew, until `ttl` milliseconds from now. Undefined while another holder has it. Each change of
   * hands raises the fence, so that what a former holder still sends is refused. Nobody has one that ends more than a minute later
   * than it would for whoever asks: the clock that it was taken by was ahead.
   */
  lease(name: string, holder: string, ttl: number): Promise<Lease | undefined>;
  /** Gives a lease up before its time; does nothing when it has passed to another. */
  release(lease: Lease): Promise<void>;
  /**
   * Moves up to `limit` events from the outbox to the log, in the order of their positions, and answers how many: each
   * gets the next position of the log and the next number of its tenant, both without a gap from 1 on. All or nothing, in
   * one transaction that first checks the fence of the lease. Rejects with LeaseLost when it has passed to another, and
   * answers 0 without asking who has the lease while there is nothing to move.
   */
  sequence(lease: Lease, limit: number): Promise<number>;
  /** The log of all tenants behind a position, oldest first. Who has read a position will see nothing new before it. */
  log(after: number, limit: number): Promise<readonly LogEntry[]>;
  /** The last position of the log; 0 while it is empty. */
  logEnd(): Promise<number>;
}

/** The right to do what one process at a time may do. */
export interface Lease {
  readonly name: string;
  readonly holder: string;
  /** Grows with each change of hands. */
  readonly fence: number;
  /** When it runs out unless it is taken anew, in milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface OutboxEntry {
  readonly position: number;
  readonly tenantId: string;
  readonly event: Event;
}

/** An event where all readers see it. */
export interface LogEntry {
  /** Its place among the events of all tenants: 1, 2, 3, …. */
  readonly position: number;
  readonly tenantId: string;
  /** Its place among the events of its tenant: 1, 2, 3, …. */
  readonly number: number;
  readonly event: Event;
}

/** Why a commit was refused: `write` is the index in the batch of the first write that could not be done. */
export class Conflict extends Error {
  override readonly name = "Conflict";
  readonly write: number;
  readonly collection: string;
  readonly reason: "exists" | "version" | "unique";
  /** The unique index whose value was taken, with reason "unique". */
  readonly index: string | undefined;
  constructor(write: number, collection: string, reason: "exists" | "version" | "unique", index?: string) {
    super(`write ${write} of the commit to ${collection}: ${reason}${index === undefined ? "" : ` (${index})`}`);
    this.write = write;
    this.collection = collection;
    this.reason = reason;
    this.index = index;
  }
}

/** The store cannot answer now. `outcome` of a commit: "not done", or "unknown" when that cannot be told. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
  readonly outcome: "not done" | "unknown";
  constructor(message: string, outcome: "not done" | "unknown", options?: ErrorOptions) {
    super(message, options);
    this.outcome = outcome;
  }
}

/** A lease has passed to another holder: nothing of what was asked was done. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
  constructor(lease: Pick<Lease, "name" | "fence">) {
    super(`the lease ${lease.name} with fence ${lease.fence} has passed to another holder`);
  }
}
