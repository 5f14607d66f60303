import { Code, ConnectError } from "@connectrpc/connect";
import { type Tenant } from "#gen/koder/admin/v1/tenant_pb.ts";
import { TenantDirectoryService } from "#gen/koder/admin/v1/tenant_internal_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import type { LogEntry } from "../store/store.ts";
import { createBoundedCache } from "./bounded-cache.ts";
import { forward, type Outbound } from "./call.ts";
import { failure } from "./failure.ts";
import { deadlines } from "./interceptors/deadline.ts";
import type { Peers } from "./peers.ts";
import { systemTenant } from "../store/check-input.ts";

/** What a service knows of tenants. */
export interface Tenants {
  /** The tenant of a call. Throws TENANT_NOT_FOUND when it does not serve. */
  get(call: Outbound): Promise<Tenant>;
  /** A tenant by id or slug; the default tenant for an empty one. Throws TENANT_NOT_FOUND. */
  lookup(call: Outbound, idOrSlug: string): Promise<Tenant>;
}

/** Tenants that are remembered for a moment. */
export interface RememberedTenants extends Tenants {
  /** Asks anew about a tenant of which an event tells. */
  readonly forget: (entry: LogEntry) => void;
}

/** Whether the tenant of a call serves: what waits in one that is suspended is no fault. */
export async function serves(tenants: Pick<Tenants, "get">, call: Outbound): Promise<boolean> {
  try {
    await tenants.get(call);
    return true;
  } catch (error) {
    if (error instanceof ConnectError && error.code === Code.NotFound) return false;
    throw error;
  }
}

/** Ids and slugs; the empty one is the default tenant. */
const idForm = /^[A-Za-z0-9-]{0,64}$/;
const notFound = () => failure(ErrorReason.TENANT_NOT_FOUND, "no tenant that serves has this id or name");

const remembered = { maxEntries: 10_000, ttl: 5_000 };

/**
 * Tenants as the admin service's directory has them, each remembered for at most five seconds: the directory itself
 * remembers nothing.
 */
export function createTenants({
  peers,
  clock,
}: {
  readonly peers: Peers;
  readonly clock: () => number;
}): RememberedTenants {
  const cache = createBoundedCache<Tenant>({ ...remembered, clock });
  async function lookup(call: Outbound, idOrSlug: string): Promise<Tenant> {
    if (!idForm.test(idOrSlug)) throw notFound();
    const tenant = await cache.get(idOrSlug, async () => {
      // Whoever asks first asks for all: neither their cancelling nor their haste ends it for the others.
      const { signal: _signal, ...outbound } = call;
      const asked = { ...outbound, tenantId: systemTenant, deadline: clock() + deadlines.usual };
      const answer = await peers
        .client(TenantDirectoryService)
        .lookupTenant({ tenant: idOrSlug }, forward(asked))
        .catch((error: unknown) => {
          throw error instanceof ConnectError && error.code === Code.NotFound ? notFound() : error;
        });
      if (answer.tenant === undefined) throw new Error("the tenant directory answered without a tenant");
      return answer.tenant;
    });
    if (!tenant.active) throw notFound();
    return tenant;
  }
  return {
    lookup,
    get: (call) => lookup(call, call.tenantId),
    forget({ event }) {
      // It may be remembered under its id, its name and as the default.
      if (event.resourceType === "tenant") cache.drop(({ id }) => id === event.resourceId);
    },
  };
}
