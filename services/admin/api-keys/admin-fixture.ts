import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createRouterTransport } from "@connectrpc/connect";
import { onTestFinished } from "vitest";
import { TenantSchema } from "#gen/koder/admin/store/v1/tenant_pb.ts";
import { ActorType, EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { SignInPolicyService } from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import type { Call } from "../../host/call.ts";
import { logReaders } from "../../host/event-log/log-reader.ts";
import { createIdempotency } from "../../host/idempotency.ts";
import { createPageTokens } from "../../host/page-token.ts";
import { createPeers } from "../../host/peers.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { openStore } from "../../store/open-store.ts";
import { insert } from "../../store/writes.ts";
import { vaultTenantKeys } from "../../vault/collections.ts";
import { testVault } from "../../vault/testing/test-vault.ts";
import { adminCollections, adminRequests, tenants } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { createToldEvents } from "../events/told-events.ts";

export const [tenantId, otherTenantId] = ["01JTENANT00000000000000000", "01JZTHER000000000000000000"] as const;

/** An API key that holds these permissions, in the tenant or the whole instance. */
export const keyHolding = (permissions: readonly string[], instance = false): Pick<Call, "caller" | "actor"> => ({
  caller: { kind: "client", clientId: undefined, apiKeyId: "k", permissions: new Set(permissions), instance },
  actor: { id: "k", type: ActorType.API_KEY },
});

/** What the use cases of credentials need, over a real store and vault with two tenants, beside an auth and a session service. */
export async function adminFixture() {
  let now = Date.UTC(2026, 0, 1);
  const clock = () => now;
  const store = await openStore({
    url: "memory:",
    collections: [...adminCollections, vaultTenantKeys, logReaders],
    clock,
  });
  onTestFinished(() => store.close());
  const vault = testVault(store, clock);
  const system = store.system();
  const records = [tenantId, otherTenantId].map((id) => create(TenantSchema, { id, slug: id, active: true }));
  await system.commit(
    records.map((record) => insert(tenants, record)),
    [create(EventSchema)],
  );
  const epochs = new Map<string, bigint>();
  const policy = { termsVersion: "" };
  const transport = createRouterTransport(({ service }) => {
    service(SignInPolicyService, { getAskedTermsVersion: () => policy });
    service(RevocationService, { getUserEpoch: ({ userId }) => ({ userEpoch: epochs.get(userId) ?? 0n }) });
  });
  // The use cases of credentials need no more than this.
  const dependencies = {
    store,
    system,
    vault,
    clock,
    peers: createPeers(() => transport),
    pageTokens: createPageTokens(vault),
    idempotency: createIdempotency({ store: { tenant: () => system }, vault, clock, collection: adminRequests }),
    tenantIdempotency: createIdempotency({ store, vault, clock, collection: adminRequests }),
    toldEvents: createToldEvents(),
  } as unknown as AdminDependencies;
  return {
    dependencies,
    epochs,
    /** What the auth service says of it. */
    policy,
    context: (overrides: Partial<Call> = {}) => handlerContext({ tenantId, ...overrides }),
    advance: (milliseconds: number): void => void (now += milliseconds),
    /** Leaves of a tenant, made for that, what is left of one that is gone for good; answers its data keys. */
    goneTenant: async (id: string) => {
      const tombstone = create(TenantSchema, { id, slug: id, goneTime: timestampFromMs(clock()) });
      await system.commit([insert(tenants, tombstone)], [create(EventSchema)]);
      return async () => (await system.page(vaultTenantKeys, { index: "tenant_id", equals: id, limit: 10 })).items;
    },
    events: async () => (await system.outbox(0, 1_000)).slice(1),
  };
}
