import type { ServiceImpl } from "@connectrpc/connect";
import type { DescService } from "@bufbuild/protobuf";
import type { ServiceName } from "./call.ts";

/** One proto service with what implements it. */
export interface Implementation {
  readonly service: DescService;
  readonly methods: Readonly<Record<string, unknown>>;
}

/** One of the five services, ready to be served: locally, on its ports, or both. */
export interface ServiceModule {
  readonly name: ServiceName;
  readonly implementations: readonly Implementation[];
  /** Resolves when the service can answer; rejects with the reason. Asked by readiness. */
  readonly ready?: () => Promise<void>;
  /** Ends what the service does by itself. Its calls have ended by then. */
  readonly stop?: () => Promise<void>;
}

/** Pairs a proto service with its implementation, with all methods checked by the compiler. */
export function implementation<S extends DescService>(service: S, methods: ServiceImpl<S>): Implementation {
  return { service, methods: methods };
}
