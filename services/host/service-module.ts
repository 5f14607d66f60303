import type { ServiceImpl } from "@connectrpc/connect";
import type { DescService } from "@bufbuild/protobuf";
import type { LogEntry } from "../store/store.ts";
import type { Outbound, ServiceName } from "./call.ts";
import type { Duty } from "./leased-work.ts";

/** One proto service with what implements it. */
export interface Implementation {
  readonly service: DescService;
  readonly methods: Readonly<Record<string, unknown>>;
}

/**
 * Does what is missing of a write that spans services, where a crash came after the commit that an event tells of. Every
 * event is given, at least once, also where nothing is missing: then it changes nothing. What it rejects is given again.
 */
export type FinishWrite = (entry: Pick<LogEntry, "tenantId" | "event">) => Promise<void>;

/** What follows from the log and is kept beside it, by one of the processes that serve the service, a moment later. */
export interface LogReading {
  /** Names the reader for ever: its position is kept under it. */
  readonly name: string;
  /** Where a reader begins that has never read: with the first event that there is, or with what enters the log from now on. */
  readonly from: "beginning" | "now";
  /** Deals with events, in the order of the log; each at least once. */
  readonly handle: (entries: readonly LogEntry[]) => Promise<void>;
}

/** One of the five services, ready to be served: locally, on its ports, or both. */
export interface ServiceModule {
  readonly name: ServiceName;
  readonly implementations: readonly Implementation[];
  /** Resolves when the service can answer; rejects with the reason. Asked by readiness. */
  readonly ready?: () => Promise<void>;
  /** Makes ahead of its need what a tenant's first request would wait for. Safe to repeat. */
  readonly prepareTenant?: (work: Outbound) => Promise<void>;
  /** Drops what the service remembers of what an event changed. */
  readonly forget?: (entry: LogEntry) => void;
  /** What the service does by itself, in one of the processes that serve it. */
  readonly duties?: readonly Duty[];
  /** Finishes the writes that the service begins and other services end. */
  readonly finishWrite?: FinishWrite;
  /** What the service keeps of what it reads in the log. */
  readonly readings?: readonly LogReading[];
  /** Ends what the service does by itself. Its calls have ended by then. */
  readonly stop?: () => Promise<void>;
}

/** Pairs a proto service with its implementation, with all methods checked by the compiler. */
export function implementation<S extends DescService>(service: S, methods: ServiceImpl<S>): Implementation {
  return { service, methods: methods };
}
