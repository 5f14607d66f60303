import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { ResolveHostRequestSchema } from "#gen/koder/admin/v1/tenant_internal_pb.ts";
import {
  AddTenantDomainRequestSchema,
  CreateTenantRequestSchema,
  DeleteTenantRequestSchema,
  GetTenantRequestSchema,
  ListTenantDomainsRequestSchema,
  ListTenantsRequestSchema,
  RemoveTenantDomainRequestSchema,
  ResumeTenantRequestSchema,
  SuspendTenantRequestSchema,
  UpdateTenantRequestSchema,
  VerifyTenantDomainRequestSchema,
} from "#gen/koder/admin/v1/tenant_service_pb.ts";
import type { TenantSchema } from "#gen/koder/admin/v1/tenant_pb.ts";
import { createIdempotency } from "../../host/idempotency.ts";
import { createPageTokens } from "../../host/page-token.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { openStore } from "../../store/open-store.ts";
import type { Collection } from "../../store/store.ts";
import { vaultTenantKeys } from "../../vault/collections.ts";
import { testVault } from "../../vault/testing/test-vault.ts";
import { adminCollections, adminRequests } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { createToldEvents } from "../events/told-events.ts";
import { createTenant } from "./create-tenant.ts";
import { deleteTenant } from "./delete-tenant.ts";
import { addTenantDomain } from "./domains/add-tenant-domain.ts";
import { listTenantDomains } from "./domains/list-tenant-domains.ts";
import { recheckDomains, type MissingProof } from "./domains/recheck-domains.ts";
import { removeTenantDomain } from "./domains/remove-tenant-domain.ts";
import { verifyTenantDomain } from "./domains/verify-tenant-domain.ts";
import { getTenant } from "./get-tenant.ts";
import { listTenants } from "./list-tenants.ts";
import { purgeDueTenants } from "./purge-due-tenants.ts";
import { resolveHost } from "./resolve-host.ts";
import { resumeTenant } from "./resume-tenant.ts";
import { suspendTenant } from "./suspend-tenant.ts";
import { updateTenant } from "./update-tenant.ts";

/** The instance's own origin in these tests. */
export const publicOrigin = "https://id.example.com";

/** Tenants over a real store, with a clock and name servers that the test owns. */
export async function tenantFixture(further: readonly Collection[] = []) {
  let now = Date.UTC(2026, 0, 1);
  const clock = () => now;
  const collections = [...adminCollections, vaultTenantKeys, ...further];
  const store = await openStore({ url: "memory:", collections, clock });
  const vault = testVault(store, clock);
  const system = store.system();
  const txt = { records: {} as Record<string, string[] | "away"> };
  const faults: string[] = [];
  const missingProofs: MissingProof[] = [];
  const dependencies: Omit<
    AdminDependencies,
    "store" | "tenantIdempotency" | "peers" | "bootstrapToken" | "componentStates" | "version" | "eraseTenant"
  > & { eraseTenant: AdminDependencies["eraseTenant"] } = {
    system,
    vault,
    idempotency: createIdempotency({ store: { tenant: () => system }, vault, clock, collection: adminRequests }),
    toldEvents: createToldEvents(),
    pageTokens: createPageTokens(vault),
    resolveTxt: async (name) => {
      const found = txt.records[name] ?? [];
      if (found === "away") throw new Error("the name servers do not answer");
      return found;
    },
    tenantGrace: 7 * 86_400_000,
    eraseTenant: (tenantId, limit) => store.tenant(tenantId).deleteRange("everything", limit),
    onTenantFault: (_error, tenantId) => void faults.push(tenantId),
    onProofMissing: (missing) => void missingProofs.push(missing),
    clock,
    publicOrigin: () => publicOrigin,
  };
  const context = handlerContext();
  const of = (tenantId: string, domain: string) => ({ tenantId, domain });
  const fixture = {
    dependencies,
    store,
    system,
    faults,
    missingProofs,
    advance: (milliseconds: number) => void (now += milliseconds),
    publish: (name: string, records: string[] | "away") => void (txt.records[name] = records),
    create: async (tenant: MessageInitShape<typeof TenantSchema>, requestId = "") =>
      (await createTenant(dependencies)(create(CreateTenantRequestSchema, { tenant, requestId }), context)).tenant,
    get: async (tenantId: string) =>
      (await getTenant(dependencies)(create(GetTenantRequestSchema, { tenantId }))).tenant,
    list: (request: MessageInitShape<typeof ListTenantsRequestSchema> = {}) =>
      listTenants(dependencies)(create(ListTenantsRequestSchema, request), context),
    update: async (tenantId: string, tenant: MessageInitShape<typeof TenantSchema>, ...paths: string[]) =>
      (
        await updateTenant(dependencies)(
          create(UpdateTenantRequestSchema, { tenantId, tenant, updateMask: create(FieldMaskSchema, { paths }) }),
          context,
        )
      ).tenant,
    suspend: async (tenantId: string) =>
      (await suspendTenant(dependencies)(create(SuspendTenantRequestSchema, { tenantId }), context)).tenant,
    resume: async (tenantId: string) =>
      (await resumeTenant(dependencies)(create(ResumeTenantRequestSchema, { tenantId }), context)).tenant,
    remove: async (tenantId: string) =>
      (await deleteTenant(dependencies)(create(DeleteTenantRequestSchema, { tenantId }), context)).tenant,
    addDomain: async (tenantId: string, domain: string) =>
      (await addTenantDomain(dependencies)(create(AddTenantDomainRequestSchema, of(tenantId, domain)), context)).domain,
    domains: async (tenantId: string) =>
      (await listTenantDomains(dependencies)(create(ListTenantDomainsRequestSchema, { tenantId }))).domains,
    verify: async (tenantId: string, domain: string) =>
      (await verifyTenantDomain(dependencies)(create(VerifyTenantDomainRequestSchema, of(tenantId, domain)), context))
        .domain,
    removeDomain: (tenantId: string, domain: string) =>
      removeTenantDomain(dependencies)(create(RemoveTenantDomainRequestSchema, of(tenantId, domain)), context),
    /** A domain that is added, published and verified. */
    proven: async (tenantId: string, domain: string) => {
      const added = await fixture.addDomain(tenantId, domain);
      fixture.publish(added?.recordName ?? "", [added?.recordValue ?? ""]);
      return fixture.verify(tenantId, domain);
    },
    /** The slug of the tenant that answers to a host; undefined for none. */
    at: async (host: string) => {
      const request = create(ResolveHostRequestSchema, { host });
      const answer = resolveHost(dependencies as AdminDependencies)(request, context);
      const { tenant } = await answer.catch((error: unknown) => {
        if (ConnectError.from(error).code === Code.NotFound) return { tenant: undefined };
        throw error;
      });
      return tenant?.slug;
    },
    /** What is due by now, and by what it makes due. */
    purge: async () => {
      const step = purgeDueTenants(dependencies);
      while ((await step()) === 0);
    },
    recheck: async () => {
      const step = recheckDomains(dependencies);
      while ((await step()) === 0);
    },
    events: async () => (await system.outbox(0, 1_000)).map(({ event }) => event),
  };
  return fixture;
}
