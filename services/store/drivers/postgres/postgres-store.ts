import { randomUUID } from "node:crypto";
import { StoreUnavailable, type Collection, type Store } from "../../store.ts";
import { connect, type SessionLimits } from "./connection.ts";
import { createConnectionPool } from "./connection-pool.ts";
import { migrate } from "./migrate.ts";
import { asStoreError, inWords } from "./postgres-error.ts";
import { readPostgresUrl } from "./postgres-url.ts";
import { createSqlStore } from "./sql-store.ts";
import { createTransactions } from "./transactions.ts";

/**
 * A transaction whose process has gone away without a word keeps its locks for `idleInTransaction`: who waits for one of
 * them is patient enough to get it then.
 */
const limits: SessionLimits = { statement: 5_000, lock: 4_000, idleInTransaction: 3_000 };
/** Building an index and filling a large table take what they take; nobody waits long for a lock because of them. */
const migrationLimits: SessionLimits = { statement: 0, lock: 2_000, idleInTransaction: 60_000 };
/** Reading or holding a whole store takes what it takes; a hold is a transaction in which nothing happens. */
const patientLimits: SessionLimits = { statement: 0, lock: 10_000, idleInTransaction: 0 };
const [connectionWait, mostWaiting, mostLent, patience] = [5_000, 4_096, 15_000, 10_000];

/** What a test may set; the defaults are what the product runs with. */
export interface PostgresTuning {
  readonly limits?: Partial<SessionLimits>;
  /** How long a call waits for a connection, in milliseconds. */
  readonly connectionWait?: number;
  /** How long a connection may be at work without giving itself back, in milliseconds. */
  readonly mostLent?: number;
  /** How long a call goes on attempting, and an unknown outcome is looked into, in milliseconds. */
  readonly patience?: number;
}

/**
 * Opens a store in a PostgreSQL database, or one that speaks its protocol and SQL, given by a URL (postgres-url.ts).
 * Brings its tables forward first. Several processes, of this version and of others, may have it open. Throws with a
 * sentence for people, in which no password is, when it cannot.
 */
export async function openPostgresStore({
  url,
  collections,
  clock,
  random = Math.random,
  tuning = {},
}: {
  readonly url: string;
  readonly collections: readonly Collection[];
  readonly clock: () => number;
  readonly random?: () => number;
  readonly tuning?: PostgresTuning;
}): Promise<Store> {
  const settings = explained(() => readPostgresUrl(url));
  try {
    const session = await connect(settings, migrationLimits);
    let shapes;
    try {
      shapes = await migrate({ connection: session, collections, clock, holder: randomUUID() });
    } finally {
      await session.end();
    }
    const pool = createConnectionPool({
      connect: (onLost) => connect(settings, { ...limits, ...tuning.limits }, onLost),
      size: settings.poolSize,
      wait: tuning.connectionWait ?? connectionWait,
      mostWaiting,
      mostLent: tuning.mostLent ?? mostLent,
      random,
    });
    const transactions = createTransactions({
      pool,
      clock,
      newId: randomUUID,
      random,
      patience: tuning.patience ?? patience,
    });
    const connectPatiently = () => connect(settings, patientLimits);
    return createSqlStore({ pool, transactions, collections, shapes, connectPatiently, clock });
  } catch (error) {
    throw cannotOpen(`postgres://${settings.host}:${settings.port}/${settings.database ?? ""}`, error);
  }
}

function cannotOpen(place: string, error: unknown): Error {
  const cause = asStoreError(error);
  const message = `the store ${place} cannot be opened: ${inWords(cause)}`;
  if (cause instanceof StoreUnavailable) return new StoreUnavailable(message, "not done", { cause });
  return new Error(message, { cause });
}

function explained<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    throw new Error(
      `the URL of the store cannot be used: ${cause instanceof Error ? cause.message : "it is malformed"}`,
      {
        cause,
      },
    );
  }
}
