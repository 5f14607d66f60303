import { Code, ConnectError } from "@connectrpc/connect";
import { ActorType } from "#gen/koder/events/v1/event_pb.ts";
import { type Tenant } from "#gen/koder/admin/v1/tenant_pb.ts";
import { TenantDirectoryService } from "#gen/koder/admin/v1/tenant_internal_pb.ts";
import { createBoundedCache } from "../host/bounded-cache.ts";
import { forward } from "../host/call.ts";
import { deadlines } from "../host/interceptors/deadline.ts";
import type { Peers } from "../host/peers.ts";
import { systemTenant } from "../store/check-input.ts";
import type { LogEntry } from "../store/store.ts";

/** Which tenant answers to a host. */
export interface TenantOfHost {
  /** What is known without asking. */
  peek(host: string): Tenant | null | undefined;
  /** Null: none. */
  get(host: string, requestId: string): Promise<Tenant | null>;
  /** Asks anew about the hosts of a tenant of which an event tells, and about those that nobody had. */
  readonly forget: (entry: LogEntry) => void;
}

/** Hosts that nobody has are remembered too, so that asking for them costs little. */
const remembered = { maxEntries: 10_000, ttl: 5_000 };

/**
 * Hosts as the tenant directory knows them, each remembered for at most five seconds: all that a gateway has in a process of
 * its own, which does not see the event log. The directory itself remembers nothing.
 */
export function createTenantOfHost({
  peers,
  clock,
}: {
  readonly peers: Peers;
  readonly clock: () => number;
}): TenantOfHost {
  const cache = createBoundedCache<Tenant | null>({ ...remembered, clock });
  return {
    peek: (host) => cache.peek(host),
    forget({ event }) {
      const { resourceType, resourceId } = event;
      if (resourceType !== "tenant" && resourceType !== "tenant_domain") return;
      // A domain is named by its tenant and itself.
      const [tenantId] = resourceId.split("/");
      cache.drop((tenant) => tenant === null || tenant.id === tenantId);
    },
    get: (host, requestId) =>
      cache.get(host, async () => {
        const outbound = {
          requestId,
          tenantId: systemTenant,
          deadline: clock() + deadlines.usual,
          actor: { id: "gateway", type: ActorType.SERVICE },
        };
        try {
          const { tenant } = await peers.client(TenantDirectoryService).resolveHost({ host }, forward(outbound));
          return tenant?.active === true ? tenant : null;
        } catch (error) {
          if (error instanceof ConnectError && error.code === Code.NotFound) return null;
          throw error;
        }
      }),
  };
}
