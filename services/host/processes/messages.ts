import type { Counted } from "../counted.ts";
import type { WrittenServiceKeys } from "../service-keys.ts";

// What the processes of one machine say to one another, over the channel that node:cluster gives each worker: a pair of
// sockets without a name, which nobody else can open.

/** Where a worker can be reached, as the ready line tells it. */
export interface Served {
  readonly url: string;
  /** `host:port` of the gateway; undefined where it is not served. */
  readonly listening: string | undefined;
  readonly grpc: Readonly<Record<string, string>>;
  readonly http: Readonly<Record<string, string>>;
}

/** What one worker counted, and the memory that it uses in bytes. */
export interface WorkerCounted {
  readonly counted: Counted;
  readonly residentMemory: number;
}

export type FromWorker =
  | { readonly kind: "hello" }
  | { readonly kind: "ready"; readonly served: Served }
  /** The start failed; a sentence for people. */
  | { readonly kind: "failed"; readonly sentence: string }
  | { readonly kind: "counted"; readonly own: WorkerCounted }
  /** Asks for the metrics of all processes. */
  | { readonly kind: "metrics" };

export type FromPrimary =
  | { readonly kind: "welcome"; readonly number: number; readonly serviceKeys: WrittenServiceKeys | undefined }
  /** Asks what the worker counted. */
  | { readonly kind: "count" }
  | { readonly kind: "metrics"; readonly text: string }
  | { readonly kind: "stop" };
