import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { StoreCopySchema, type StoreCopy } from "#gen/koder/host/store/v1/store_copy_pb.ts";
import type { BulkPosition, BulkStore } from "../bulk-store.ts";
import type { Store } from "../store.ts";
import { insert, replace } from "../writes.ts";
import { sumsOf, type Sum } from "./checksums.ts";
import { beginOf, refuseUnfinishedCopy, storeCopies, storeIdOf } from "./store-copies.ts";

/** What is copied, and what tells of it. */
export interface CopyStore {
  readonly source: Store;
  readonly target: Store;
  /** The lease that shows, while another has it, that somebody is at work on a store; and how long it is waited for, in ms. */
  readonly lease: { readonly name: string; readonly holder: string; readonly patience: number };
  /** An id that nobody else makes. */
  readonly newId: () => string;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Resolves after so many milliseconds. */
  readonly delay: (milliseconds: number) => Promise<void>;
  /** Is told when a phase begins, and how many rows it will see … */
  readonly onPhase: (phase: "copying" | "comparing", rows: number) => void;
  /** … and how many it has seen so far. */
  readonly onRows: (rows: number) => void;
}

/** A part of both stores, summed up for each tenant. */
export interface ComparedPart {
  readonly part: string;
  readonly source: ReadonlyMap<string, Sum>;
  readonly target: ReadonlyMap<string, Sum>;
}

/** What became of a copy. */
export interface CopiedStore {
  /** Rows that this run copied. */
  readonly copied: number;
  readonly parts: readonly ComparedPart[];
  readonly isEqual: boolean;
}

/** Rows of one transaction. */
const batch = 500;
/** How long the lease is taken for, and between two attempts, in milliseconds. */
const [leaseLength, leasePause] = [3_000, 200];

/**
 * Copies everything of a store into an empty one, or goes on with a copy of the same store that was interrupted; then sums
 * both up and compares. The source is held meanwhile, so that nobody changes it. The target is marked as unfinished, so that
 * no server works on it, from before the first row until all is equal.
 *
 * Where it was interrupted is seen from the rows that are there: a part is copied in its order, a transaction a batch, so
 * that what the target has of it is always a beginning of it.
 *
 * Throws with a sentence for people when the stores are not fit for it, and StoreUnavailable. Where they are not equal the
 * target stays unfinished.
 */
export async function copyStore(options: CopyStore): Promise<CopiedStore> {
  const { source, target, clock, onPhase, onRows } = options;
  await refuseUnfinishedCopy(source);
  await refuseOthersRecords(source.bulk(), "source");
  await refuseOthersRecords(target.bulk(), "target");
  await takeLease(options);
  const storeId = await storeIdOf(source.system(), options.newId);
  if ((await target.system().get(storeCopies, "self"))?.record.storeId === storeId) {
    throw new Error("the source and the target are the same store");
  }
  const [from, to] = [source.bulk(), target.bulk()];
  const hold = await from.hold();
  let copied = 0;
  const parts: ComparedPart[] = [];
  try {
    const names = from.parts.filter((part) => part !== storeCopies.name);
    const total = await countAll(from, names);
    if (total === 0) throw new Error("the source is empty: there is nothing to copy");
    await markUnfinished(options, storeId, names);

    onPhase("copying", total);
    let seen = 0;
    for (const part of names) {
      const after = await to.last(part);
      if (after !== undefined) onRows((seen += await to.count(part)));
      copied += await copyPart(from, to, part, after, (rows) => onRows((seen += rows)));
    }
    onPhase("comparing", total);
    let compared = 0;
    for (const part of names) {
      const [sourceSums, targetSums] = await Promise.all([
        sumsOf(from, part, (rows) => onRows((compared += rows))),
        sumsOf(to, part, () => {}),
      ]);
      parts.push({ part, source: sourceSums, target: targetSums });
    }
  } catch (error) {
    // What stopped the copy is what must be told.
    await hold.release().catch(() => {});
    throw error;
  }
  await hold.release();
  const isEqual = parts.every(hasEqualSums);
  if (isEqual) {
    await takeLease(options);
    await markFinished(target, clock());
  }
  return { copied, parts, isEqual };
}

/** Whether both sides have the same tenants, counts and checksums. */
export function hasEqualSums({ source, target }: ComparedPart): boolean {
  return (
    source.size === target.size &&
    source.entries().every(([tenant, sum]) => target.get(tenant)?.checksum === sum.checksum)
  );
}

/** Copies what is behind a position; the next rows are read while those before are written. Answers how many. */
async function copyPart(
  from: BulkStore,
  to: BulkStore,
  part: string,
  after: BulkPosition | undefined,
  onRows: (rows: number) => void,
): Promise<number> {
  let copied = 0;
  for (let rows = await from.rows(part, after, batch); rows.length > 0;) {
    const [next] = await Promise.all([from.rows(part, rows.at(-1), batch), to.insert(part, rows)]);
    onRows(rows.length);
    copied += rows.length;
    rows = next;
  }
  return copied;
}

async function countAll(bulk: BulkStore, parts: readonly string[]): Promise<number> {
  let total = 0;
  for (const part of parts) total += await bulk.count(part);
  return total;
}

async function refuseOthersRecords(bulk: BulkStore, which: "source" | "target"): Promise<void> {
  const others = await bulk.unknown();
  if (others.length === 0) return;
  throw new Error(
    `the ${which} holds records of ${others.join(", ")}, which this version does not know: use the version that wrote them`,
  );
}

/** Shows that nobody is at work on the source, or throws. Who was killed has its lease for some seconds more. */
async function takeLease({ source, lease: { name, holder, patience }, clock, delay }: CopyStore): Promise<void> {
  const until = clock() + patience;
  while ((await source.system().lease(name, holder, leaseLength)) === undefined) {
    if (clock() >= until) {
      throw new Error("a server is at work on the source: stop it, so that nothing is lost, and run this again");
    }
    await delay(leasePause);
  }
}

/** Marks the target, or sees that it was marked by a copy of the same source that can go on. */
async function markUnfinished({ source, target, clock }: CopyStore, storeId: string, parts: readonly string[]) {
  const [logEnd, outboxEnd] = await Promise.all(
    ["log", "outbox"].map(async (part) => BigInt((await source.bulk().last(part))?.key ?? 0)),
  );
  const before = (await target.system().get(storeCopies, "source"))?.record;
  if (before === undefined) {
    for (const part of parts) {
      if ((await target.bulk().last(part)) !== undefined) {
        throw new Error(`the target is not empty: it has ${part}`);
      }
    }
    const begun = create(StoreCopySchema, { id: "source", storeId, beginTime: timestampFromMs(clock()) });
    const ends = { ...(logEnd === undefined ? {} : { logEnd }), ...(outboxEnd === undefined ? {} : { outboxEnd }) };
    await target.system().commit([insert(storeCopies, Object.assign(begun, ends))], []);
    return;
  }
  refuseToGoOn(before, storeId, before.logEnd === logEnd && before.outboxEnd === outboxEnd);
}

function refuseToGoOn(before: StoreCopy, storeId: string, isSame: boolean): void {
  const begun = `begun at ${beginOf(before)}`;
  if (before.storeId !== storeId) throw new Error(`the target holds a copy of another store, ${begun}`);
  if (before.endTime !== undefined) throw new Error(`the target holds a finished copy of the source, ${begun}`);
  if (!isSame) {
    throw new Error(
      `the source was changed since the copy in the target was ${begun}: start again with an empty target`,
    );
  }
}

async function markFinished(target: Store, now: number): Promise<void> {
  const stored = await target.system().get(storeCopies, "source");
  if (stored === undefined) throw new Error("the mark of the copy is gone from the target");
  const finished = { ...stored.record, endTime: timestampFromMs(now) };
  await target.system().commit([replace(storeCopies, finished, stored.version)], []);
}
