import { EventEmitter, on } from "node:events";
import { Code, ConnectError } from "@connectrpc/connect";
import { Health, HealthCheckResponse_ServingStatus as Status } from "#gen/grpc/health/v1/health_pb.ts";
import { implementation, type Implementation } from "./service-module.ts";

/** Which services serve, as `grpc.health.v1` tells it. The empty name stands for the process. */
export interface HealthBoard {
  set(service: string, serving: boolean): void;
  isServing(service: string): boolean | undefined;
  readonly implementation: Implementation;
}

/** A board on which nothing serves yet. */
export function createHealthBoard(services: readonly string[]): HealthBoard {
  const serving = new Map<string, boolean>(["", ...services].map((name) => [name, false]));
  const changes = new EventEmitter().setMaxListeners(0);
  const statusOf = (name: string): Status | undefined => {
    const is = serving.get(name);
    return is === undefined ? undefined : is ? Status.SERVING : Status.NOT_SERVING;
  };

  async function* watch({ service }: { readonly service: string }, { signal }: { readonly signal: AbortSignal }) {
    let latest = statusOf(service) ?? Status.SERVICE_UNKNOWN;
    yield { status: latest };
    try {
      const noticed = on(changes, "change", { signal });
      while ((await noticed.next()).done !== true) {
        const now = statusOf(service) ?? Status.SERVICE_UNKNOWN;
        if (now !== latest) yield { status: (latest = now) };
      }
    } catch (error) {
      if (!signal.aborted) throw error; // the watcher has gone
    }
  }

  return {
    set(service, is) {
      serving.set(service, is);
      changes.emit("change");
    },
    isServing: (service) => serving.get(service),
    implementation: implementation(Health, {
      check({ service }) {
        const status = statusOf(service);
        if (status === undefined) throw new ConnectError("no such service is here", Code.NotFound);
        return { status };
      },
      list: () => ({
        statuses: Object.fromEntries(
          [...serving.keys()].map((name) => [name, { status: statusOf(name) ?? Status.UNKNOWN }]),
        ),
      }),
      watch,
    }),
  };
}
