import { createClient } from "@connectrpc/connect";
import { Health, HealthCheckResponse_ServingStatus as Status } from "#gen/grpc/health/v1/health_pb.ts";
import type { ComponentState } from "../admin/dependencies.ts";
import type { ServiceName } from "../host/call.ts";
import type { ServiceModule } from "../host/service-module.ts";
import type { Store } from "../store/store.ts";
import type { ServiceCalls } from "./service-calls.ts";

/** How long another process may take to say that it serves, in milliseconds. */
const patience = 2_000;

/** Asks every part that is in this process how it is. */
export async function ownStates(
  store: Store | undefined,
  modules: readonly ServiceModule[],
): Promise<readonly ComponentState[]> {
  return Promise.all([
    ...(store === undefined ? [] : [stateOf("store", store.ping())]),
    ...modules.map(({ name, ready }) => stateOf(name, ready?.())),
  ]);
}

/** Asks the services in other processes, by `grpc.health.v1`. */
export async function peerStates(
  peers: ReadonlyMap<ServiceName, unknown>,
  { transportTo }: Pick<ServiceCalls, "transportTo">,
): Promise<readonly ComponentState[]> {
  return Promise.all(
    Array.from(peers.keys(), (name) => {
      const asked = createClient(Health, transportTo(name))
        .check({ service: "" }, { timeoutMs: patience })
        .then(({ status }) => {
          if (status !== Status.SERVING) throw new Error("does not serve now");
        });
      return stateOf(name, asked);
    }),
  );
}

async function stateOf(name: string, check: Promise<void> | undefined): Promise<ComponentState> {
  try {
    await check;
    return { name, fault: undefined };
  } catch (error) {
    return { name, fault: error instanceof Error ? error.message : "does not answer" };
  }
}
