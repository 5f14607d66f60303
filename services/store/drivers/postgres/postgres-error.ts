import { DatabaseError } from "pg";
import { StoreUnavailable } from "../../store.ts";

// https://www.postgresql.org/docs/current/errcodes-appendix.html

/** The connection ended before the answer came: what was sent may have been done or not. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}

/** A unique value or a key is taken; answers the name of what says so, undefined for every other error. */
export function takenBy(error: unknown): string | undefined {
  return error instanceof DatabaseError && error.code === "23505" ? (error.constraint ?? "") : undefined;
}

/** A CHECK of a table does not hold. */
export function breaksCheck(error: unknown): boolean {
  return sqlState(error) === "23514";
}

/** Serialization failure, deadlock: the same transaction may succeed when it is tried again. */
export function isTransient(error: unknown): boolean {
  return ["40001", "40P01"].includes(sqlState(error));
}

/** A statement was given up: it took too long, or waited too long for a lock. */
export function isTimeout(error: unknown): boolean {
  return ["57014", "55P03"].includes(sqlState(error));
}

/** A table that is asked for is not there. */
export function isUndefinedTable(error: unknown): boolean {
  return sqlState(error) === "42P01";
}

/** Somebody else made the same table, type or index at the same moment. */
export function isMadeByOthers(error: unknown): boolean {
  return ["23505", "42P07", "42710", "XX000"].includes(sqlState(error));
}

/** The server will not let us in, however often we ask: wrong password, unknown database or role, no right. */
export function isRefused(error: unknown): boolean {
  return ["28000", "28P01", "3D000", "42501"].includes(sqlState(error));
}

/**
 * Whether an error of the server says that the connection is of no use any more: it ends the session (FATAL), it does
 * not know whether it did what was asked (40003), or it has become a standby, behind which another server may be primary.
 */
export function endsConnection(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return true;
  if (error.severity === "FATAL" || error.severity === "PANIC") return true;
  return error.code === "40003" || error.code === "25006" || error.code?.startsWith("08") === true;
}

/** Classes of a database that cannot work now: resources, limits, operator's intervention, system, internal. */
const cannotWork = new Set(["08", "25", "40", "53", "54", "55", "57", "58", "XX"]);

/**
 * What callers see of an error of the database: StoreUnavailable, as not done, when it cannot work now; otherwise an error
 * that gives the SQLSTATE and the table only, because messages and details of the database may repeat values.
 */
export function asStoreError(error: unknown): unknown {
  if (!(error instanceof DatabaseError)) return error;
  const code = error.code ?? "";
  // It names the user or the database, and never the password.
  if (isRefused(error)) return new Error(`${error.message} (SQLSTATE ${code})`);
  if (cannotWork.has(code.slice(0, 2))) {
    return new StoreUnavailable(`the store cannot work: ${error.message} (SQLSTATE ${code})`, "not done");
  }
  return new Error(`the database refused a statement (SQLSTATE ${code}, table ${error.table ?? "not named"})`);
}

/** An error in words, for messages; that of a host with several addresses has none of its own. */
export function inWords(error: unknown): string {
  if (!(error instanceof Error)) return "unknown reason";
  if (error.message !== "") return error.message;
  return "code" in error ? String(error.code) : error.name;
}

function sqlState(error: unknown): string {
  return error instanceof DatabaseError ? (error.code ?? "") : "";
}
