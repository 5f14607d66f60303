/**
 * Whole rows of a store, of all tenants, as they are kept: for what moves a store elsewhere and for what fills one with a
 * lot at once, never for what serves. Every driver keeps these promises; `conformance/bulk.ts` checks them.
 *
 * A store consists of parts: its collections by their names, `counters`, `outbox` (events that wait for the sequencer),
 * `log` (the event log) and `log_ends` (the last number of each tenant, and under the tenant id `*` the last position of
 * all). What is expired belongs to them until it is swept; leases and what a driver keeps for itself do not.
 *
 * - Rows come in one order, the same from every driver, and are given as they were inserted, byte by byte: fields that this
 *   version does not know, versions and expiry included.
 * - The index values of a record are those that its bytes have by the collection's declaration.
 * - `insert` is one transaction: all rows or none, durable once it resolves. It appends no events.
 * - After rows of `outbox` were inserted, what is committed stands behind them.
 *
 * Errors: RangeError for an unknown part and for what cannot be kept; StoreUnavailable as everywhere.
 */
export interface BulkStore {
  /** The names of the parts. */
  readonly parts: readonly string[];
  /** Collections that hold records and were not declared to this store: another version's. */
  unknown(): Promise<readonly string[]>;
  /** How many rows a part has. It reads all of them. */
  count(part: string): Promise<number>;
  /** Up to `limit` (1…1000) rows behind a position, in the order of the part. */
  rows(part: string, after: BulkPosition | undefined, limit: number): Promise<readonly BulkRow[]>;
  /** The position of the last row; undefined while there is none. */
  last(part: string): Promise<BulkPosition | undefined>;
  /**
   * Inserts 1…1000 rows; fastest in the order of the part. Rejects, with nothing done, when one of them is there already or
   * breaks a unique index.
   */
  insert(part: string, rows: readonly BulkRow[]): Promise<void>;
  /**
   * Keeps everybody, other processes included, from changing any part until it is released; reads go on. Waits for what is
   * under way, and rejects with StoreUnavailable when that takes too long. A change that is tried meanwhile, also through
   * this store, is refused as not done.
   */
  hold(): Promise<Hold>;
}

/** One row. What a part does not have is "", 0, undefined or no bytes. */
export interface BulkRow extends BulkPosition {
  /** Version of a record, value of a counter, number of an event in the log, last number of a log's end. */
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | undefined;
  /** The record or the event. */
  readonly data: Uint8Array;
}

/** Where a row stands: by tenant and key, in the order of code points; in `outbox` and `log` by key alone. */
export interface BulkPosition {
  readonly tenantId: string;
  /** Id of a record, name of a counter, position of an event; a log's end has none. */
  readonly key: string | number;
}

/** The store stands still. */
export interface Hold {
  /** Lets everybody go on. Rejects with StoreUnavailable when the store was not held until now. */
  release(): Promise<void>;
}
