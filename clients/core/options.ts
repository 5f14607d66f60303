import { readOrigin } from "./origin.ts";
import { defaultRetries, type RetryPolicy } from "./retry-policy.ts";
import { tokenSourceOf, type TokenSource, type TokenSourceOption } from "./token-source.ts";

/** What can be changed of every client. */
export interface ClientOptions {
  /**
   * Where the credential of each call comes from. Without it, calls carry none, unless the call has an `Authorization` header
   * of its own, which always wins.
   */
  readonly tokenSource?: TokenSourceOption | undefined;
  /** How long a call may take, in milliseconds, retries included, when it says nothing itself. Default: 10,000. */
  readonly timeoutMs?: number | undefined;
  /** How often a call that may be repeated is sent at most. Default: 4; 1 means that none is repeated. */
  readonly maxAttempts?: number | undefined;
  /**
   * A tenant other than the credential's own, by its id or slug, for one with authority over the instance. The server refuses
   * it from any other.
   */
  readonly tenant?: string | undefined;
  /**
   * Allows http to another machine, for a network that is encrypted below. Without it only https is taken, and http to this
   * machine.
   */
  readonly plaintext?: boolean | undefined;
}

/** Options that were read and checked. */
export interface Settings {
  readonly origin: string;
  readonly source: TokenSource | undefined;
  readonly timeoutMs: number;
  readonly retries: RetryPolicy;
  readonly tenant: string | undefined;
}

/** Reads origin and options. Throws one Error that names everything which cannot be right. */
export function readOptions(origin: string, options: ClientOptions): Settings {
  const { tokenSource, timeoutMs = 10_000, maxAttempts = 4, tenant, plaintext } = options;
  const faults: string[] = [];
  const parsed = readOrigin(origin, plaintext, faults);
  if (!(timeoutMs > 0 && Number.isFinite(timeoutMs))) {
    faults.push(`timeoutMs: ${timeoutMs} is not a positive number of milliseconds`);
  }
  if (!(Number.isInteger(maxAttempts) && maxAttempts >= 1)) {
    faults.push(`maxAttempts: ${maxAttempts} is not a whole number from 1 on`);
  }
  if (tenant !== undefined && !/^[\x21-\x7e]+$/.test(tenant)) {
    faults.push(`tenant: ${JSON.stringify(tenant)} is neither an id nor a slug`);
  }
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return {
    origin: parsed,
    source: tokenSource === undefined ? undefined : tokenSourceOf(tokenSource),
    timeoutMs,
    retries: { ...defaultRetries, attempts: maxAttempts },
    tenant,
  };
}
