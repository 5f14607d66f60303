import { Client, DatabaseError, type QueryArrayResult } from "pg";
import type { ConnectionOptions } from "node:tls";
import { StoreUnavailable } from "../../store.ts";
import { ConnectionLost, endsConnection } from "./postgres-error.ts";
import type { PostgresSettings } from "./postgres-url.ts";
import { plainStep, type SqlValue, type Step } from "./statement.ts";

/** What a step answered: its rows, or the error of the server. */
export interface Answer {
  readonly rows: readonly (readonly SqlValue[])[];
  /** Rows that were read or changed. */
  readonly count: number;
  /** First word of the command tag: `COMMIT` may answer `ROLLBACK`. */
  readonly command: string;
  readonly error: DatabaseError | undefined;
}

/** One session of the database. */
export interface Connection {
  /**
   * Sends the steps in one go, without waiting for the answer of one before the next, and answers for each. A step that
   * fails does not stop the others; inside a transaction the server refuses them. Rejects with ConnectionLost when an
   * answer is missing.
   */
  run(steps: readonly Step[]): Promise<readonly Answer[]>;
  readonly isLost: () => boolean;
  /** Ends it at once, without a farewell: what is waited for is lost. */
  destroy(): void;
  /** Ends it in order. */
  end(): Promise<void>;
}

/** How long the server may work on a step, wait for a lock, and keep a transaction in which nothing happens, in ms. */
export interface SessionLimits {
  readonly statement: number;
  readonly lock: number;
  readonly idleInTransaction: number;
}

/** Seconds of silence before the kernel asks whether the other side is still there. */
const keepAliveDelay = 10_000;

/**
 * Opens a session whose commits are durable and whose transactions are READ COMMITTED. Rejects with what the driver or
 * the server said, and with StoreUnavailable when the server is not fit: a standby, or commits that are not synced.
 */
export async function connect(
  settings: PostgresSettings,
  limits: SessionLimits,
  onLost: () => void = () => {},
): Promise<Connection> {
  let refusal: unknown;
  for (const encryption of settings.encryption) {
    try {
      return await open(settings, encryption, limits, onLost);
    } catch (error) {
      refusal = error;
      if (!asksForAnother(error)) break;
    }
  }
  throw refusal;
}

/** Whether the server might take the next kind of encryption: it has no TLS, or its rules want the other one. */
function asksForAnother(error: unknown): boolean {
  if (error instanceof DatabaseError) return error.code === "28000";
  return error instanceof Error && error.message.includes("does not support SSL");
}

async function open(
  settings: PostgresSettings,
  encryption: ConnectionOptions | false,
  limits: SessionLimits,
  onLost: () => void,
): Promise<Connection> {
  const client = new Client({
    host: settings.host,
    port: settings.port,
    user: settings.user,
    password: settings.password,
    database: settings.database,
    ssl: encryption,
    application_name: settings.applicationName,
    connectionTimeoutMillis: settings.connectTimeout,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveDelay,
    pipeline: true,
    types: { getTypeParser: parserOf as never },
  });
  let lost = false;
  const lose = (): void => {
    if (lost) return;
    lost = true;
    onLost();
  };
  // An idle session that ends is no reason to end the process.
  client.on("error", lose);
  client.on("end", lose);
  const connection = sessionOf(client, lose, () => lost);
  // The driver's own limit ends with the handshake; the settings below must not wait for ever either.
  const timer = setTimeout(() => connection.destroy(), settings.connectTimeout);
  try {
    await client.connect();
    await prepareSession(connection, limits);
    return connection;
  } catch (error) {
    connection.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function prepareSession(connection: Connection, limits: SessionLimits): Promise<void> {
  const settings = [
    `SET statement_timeout = ${limits.statement}`,
    `SET lock_timeout = ${limits.lock}`,
    `SET idle_in_transaction_session_timeout = ${limits.idleInTransaction}`,
    "SET default_transaction_isolation = 'read committed'",
    "SHOW server_encoding",
    "SHOW transaction_read_only",
    "SHOW synchronous_commit",
  ];
  const answers = await connection.run(settings.map(plainStep));
  const failed = answers.find(({ error }) => error !== undefined);
  if (failed?.error !== undefined) throw failed.error;
  const [encoding, readOnly, durability] = answers.slice(4).map(({ rows }) => String(rows[0]?.[0]));
  if (encoding !== "UTF8") throw new Error(`the database must be made with ENCODING 'UTF8', not ${encoding}`);
  if (readOnly !== "off") throw new StoreUnavailable("the database is read-only, a standby perhaps", "not done");
  if (durability === "off") {
    throw new Error("synchronous_commit is off for this user or database: commits could be lost; set it to on");
  }
  // `remote_apply` is more than `on`, and stays.
  if (durability === "remote_apply") return;
  const [set, shown] = await connection.run(["SET synchronous_commit = on", "SHOW synchronous_commit"].map(plainStep));
  if (set?.error !== undefined || shown?.rows[0]?.[0] !== "on")
    throw new Error("synchronous_commit cannot be set to on");
}

function sessionOf(client: Client, lose: () => void, isLost: () => boolean): Connection {
  function run(steps: readonly Step[]): Promise<readonly Answer[]> {
    return new Promise((resolve, reject) => {
      const answers: Answer[] = [];
      let failure: Error | undefined;
      let unanswered = steps.length;
      const settle = (): void => {
        unanswered -= 1;
        if (unanswered > 0) return;
        if (failure === undefined) resolve(answers);
        else reject(new ConnectionLost(`the connection to the database was lost: ${failure.message}`));
      };
      // One write to the socket for all of them.
      const { stream } = client.connection;
      stream.cork();
      try {
        for (const [index, { statement, values }] of steps.entries()) {
          // Without values it is sent as it is, in the simple protocol.
          const own = (statement.name === undefined ? undefined : values) as SqlValue[];
          client.query(
            // The declarations have no form with all three.
            statement as unknown as string,
            own,
            (error: Error | null, result?: QueryArrayResult<SqlValue[]>) => {
              if (error !== null) {
                if (endsConnection(error)) failure ??= error;
                answers[index] = { rows: [], count: 0, command: "", error: error as DatabaseError };
              } else {
                answers[index] = {
                  rows: result?.rows ?? [],
                  count: result?.rowCount ?? 0,
                  command: result?.command ?? "",
                  error: undefined,
                };
              }
              if (failure !== undefined) lose();
              settle();
            },
          );
        }
      } finally {
        stream.uncork();
      }
    });
  }
  function destroy(): void {
    lose();
    client.connection.stream.destroy();
  }
  return {
    run,
    isLost,
    destroy,
    async end() {
      if (isLost()) return destroy();
      await client.end();
    },
  };
}

const [bytea, int8, int2, int4] = [17, 20, 21, 23];

/** How a column of a type becomes a value; everything comes as text. */
function parserOf(type: number): (text: string) => SqlValue {
  if (type === bytea) return bytes;
  if (type === int8 || type === int4 || type === int2) return integer;
  return (text) => text;
}

/** Memory of its own, because records are kept: a slice of the shared pool would keep all of the pool. */
function bytes(text: string): Uint8Array {
  const buffer = Buffer.allocUnsafeSlow((text.length - 2) / 2);
  buffer.write(text.slice(2), "hex");
  return new Uint8Array(buffer.buffer, 0, buffer.length);
}

function integer(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError("an integer of the database is no safe integer");
  return value;
}
