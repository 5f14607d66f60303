import type { InstanceWithData } from "../../support/tenants.ts";

/** A call that changes something, prepared: once made, once repeated, and looked at in between. */
export interface Attempt {
  /** Makes the call; answers its HTTP status. Rejects when the connection is cut. */
  call(): Promise<number>;
}

/** One that a crash may cut in two. */
export interface CutAttempt extends Attempt {
  /** What is true once the server is back, whatever was done before it died, with nothing repeated: nothing is open. */
  nothingOpen(): Promise<void>;
  /** Repeats the call, or does what its caller would do then; afterwards what was asked for is true, and was done once. */
  heal(): Promise<void>;
}

/** A write on a public door. */
export interface PublicWrite {
  /** Its name; of one that spans services, that in the table of docs/architecture.md. */
  readonly name: string;
  /** What of the contract, the standard endpoints and their grants it calls. */
  readonly covers: readonly string[];
  readonly prepare: (server: InstanceWithData) => Promise<Attempt>;
}

/** A write that a test cuts in two at every commit. */
export interface CutWrite extends PublicWrite {
  readonly prepare: (server: InstanceWithData) => Promise<CutAttempt>;
  /** The services that commit, in order. */
  readonly order: readonly string[];
}
