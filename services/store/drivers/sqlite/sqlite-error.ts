import { StoreUnavailable } from "../../store.ts";

// https://www.sqlite.org/rescode.html
const busy = 5;
const locked = 6;
const ioError = 10;
const constraintPrimaryKey = 1555;
const constraintUnique = 2067;
/** Busy, locked, no memory, read-only, I/O, corrupt, full, cannot open, not a database: it cannot work now. */
const cannotWork = new Set([busy, locked, 7, 8, ioError, 11, 13, 14, 26]);

/** The error of an engine that cannot work now, as the contract says it; undefined for every other error. */
export function unavailable(error: unknown): StoreUnavailable | undefined {
  if (!(error instanceof Error) || !cannotWork.has(primaryCode(error))) return undefined;
  return new StoreUnavailable(`the store cannot work: ${error.message}`, "not done", { cause: error });
}

/** Somebody else is writing the file. */
export function isBusy(error: unknown): boolean {
  return primaryCode(error) === busy;
}

/** The disk did not do as told, so that what is on it cannot be known. */
export function isIoError(error: unknown): boolean {
  return primaryCode(error) === ioError;
}

/** An id or a unique value is taken. */
export function isTaken(error: unknown): boolean {
  const code = resultCode(error);
  return code === constraintUnique || code === constraintPrimaryKey;
}

function resultCode(error: unknown): number {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode : 0;
}

/** The low byte of an extended result code. */
function primaryCode(error: unknown): number {
  return resultCode(error) & 0xff;
}
