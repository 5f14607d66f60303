import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { TenantSchema } from "#gen/koder/admin/v1/tenant_pb.ts";
import { AttributeLookupService } from "#gen/koder/identity/v1/attribute_lookup_internal_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { ClientSchema } from "#gen/koder/oauth/v1/client_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import type { Call } from "../../../host/call.ts";
import { createIdempotency } from "../../../host/idempotency.ts";
import { createPageTokens } from "../../../host/page-token.ts";
import { createPeers } from "../../../host/peers.ts";
import { handlerContext } from "../../../host/testing/handler-context.ts";
import { openStore } from "../../../store/open-store.ts";
import { vaultTenantKeys } from "../../../vault/collections.ts";
import { testVault } from "../../../vault/testing/test-vault.ts";
import { oauthCollections, oauthRequests } from "../../collections.ts";
import type { OauthDependencies } from "../../dependencies.ts";
import { createOauthPolicies } from "../../policy/oauth-policies.ts";
import { createClients } from "../clients.ts";
import { createClient } from "../create-client.ts";

/** The use cases of clients over a real store and vault, beside services that count their epochs and know their roles. */
export async function clientFixture() {
  let now = Date.UTC(2026, 0, 1);
  const clock = () => now;
  const store = await openStore({ url: "memory:", collections: [...oauthCollections, vaultTenantKeys], clock });
  const vault = testVault(store, clock);
  const epochs = new Map<string, { readonly epoch: bigint; readonly version: bigint }>();
  const session = { isAway: false };
  const permissions = new Map<string, readonly string[]>();
  const attributes = new Set<string>();
  const transport = createRouterTransport(({ service }) => {
    service(AttributeLookupService, {
      findAttributes: ({ names }) => ({ names: names.filter((name) => attributes.has(name)) }),
    });
    service(CredentialService, {
      getAuthority: ({ clientId, uncached }) => ({
        permissions: uncached ? [...(permissions.get(clientId) ?? [])] : [],
      }),
    });
    service(RevocationService, {
      bumpEpoch({ subject, changedVersion }) {
        if (session.isAway) throw new ConnectError("away", Code.Internal);
        const of = subject.case === "clientId" ? subject.value : "";
        const { epoch, version } = epochs.get(of) ?? { epoch: 0n, version: 0n };
        if (changedVersion > 0n && changedVersion <= version) return { epoch };
        epochs.set(of, { epoch: epoch + 1n, version: changedVersion || version });
        return { epoch: epoch + 1n };
      },
    });
  });
  const tenant = create(TenantSchema, { id: "t1", canonicalOrigin: "https://id.example", active: true });
  const defaultTenant = create(TenantSchema, { id: "t0", canonicalOrigin: "https://default.example", active: true });
  const place = { isDefault: false };
  // The use cases of clients need no more than this.
  const dependencies = {
    store,
    vault,
    clock,
    peers: createPeers(() => transport),
    pageTokens: createPageTokens(vault),
    idempotency: createIdempotency({ store, vault, clock, collection: oauthRequests }),
    clients: createClients({ store, clock }),
    oauthPolicies: createOauthPolicies({ store, clock }),
    tenants: { get: async () => tenant, lookup: async () => (place.isDefault ? tenant : defaultTenant) },
  } as unknown as OauthDependencies;
  const context = (overrides: Partial<Call> = {}) => handlerContext(overrides);
  return {
    dependencies,
    data: store.tenant("t1"),
    session,
    /** Whether the tenant is the default one. */
    place,
    /** The attributes that the tenant keeps. */
    attributes,
    /** What the roles of clients permit. */
    permissions,
    context,
    advance: (milliseconds: number): void => {
      now += milliseconds;
    },
    epochOf: (clientId: string) => epochs.get(clientId)?.epoch ?? 0n,
    events: async () => (await store.system().outbox(0, 1_000)).map(({ event }) => event),
    /** Creates a client by the RPC, and answers it. */
    client: async (init: MessageInitShape<typeof ClientSchema> = {}) => {
      const asked = create(ClientSchema, { redirectUris: ["https://app.example.com/cb"], ...init });
      const { client } = await createClient(dependencies)(
        { $typeName: "koder.oauth.v1.CreateClientRequest", client: asked, requestId: "" },
        context(),
      );
      if (client === undefined) throw new Error("no client was answered");
      return client;
    },
  };
}
