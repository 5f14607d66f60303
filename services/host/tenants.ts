import { TenantDirectoryService, type Tenant } from "#gen/koder/admin/v1/tenant_internal_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { createBoundedCache } from "./bounded-cache.ts";
import { forward, type Outbound } from "./call.ts";
import { failure } from "./failure.ts";
import type { Peers } from "./peers.ts";

/** What a service knows of tenants. */
export interface Tenants {
  /** The tenant of a call. Throws TENANT_NOT_FOUND when it does not serve. */
  get(call: Outbound): Promise<Tenant>;
  /** A tenant by id or slug; the default tenant for an empty one. Throws TENANT_NOT_FOUND. */
  lookup(call: Outbound, idOrSlug: string): Promise<Tenant>;
}

const remembered = { maxEntries: 10_000, ttl: 5_000 };

/** Tenants as the admin service's directory has them, each remembered for at most five seconds. */
export function createTenants({ peers, clock }: { readonly peers: Peers; readonly clock: () => number }): Tenants {
  const cache = createBoundedCache<Tenant>({ ...remembered, clock });
  async function lookup(call: Outbound, idOrSlug: string): Promise<Tenant> {
    const tenant = await cache.get(idOrSlug, async () => {
      // Whoever asks first asks for all: nobody's cancelling ends it for the others.
      const { signal: _signal, ...outbound } = call;
      const asked = { ...outbound, tenantId: "system" };
      const answer = await peers.client(TenantDirectoryService).lookupTenant({ tenant: idOrSlug }, forward(asked));
      if (answer.tenant === undefined) throw new Error("the tenant directory answered without a tenant");
      return answer.tenant;
    });
    if (!tenant.active) throw failure(ErrorReason.TENANT_NOT_FOUND, "the tenant is not active");
    return tenant;
  }
  return { lookup, get: (call) => lookup(call, call.tenantId) };
}
