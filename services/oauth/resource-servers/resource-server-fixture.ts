import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createRouterTransport } from "@connectrpc/connect";
import { onTestFinished } from "vitest";
import { TenantSchema } from "#gen/koder/admin/v1/tenant_pb.ts";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { ClientSchema as StoredClientSchema } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { AttributeLookupService } from "#gen/koder/identity/v1/attribute_lookup_internal_pb.ts";
import type { ResourceServer, ResourceServerSchema } from "#gen/koder/oauth/v1/resource_server_pb.ts";
import {
  CreateResourceServerRequestSchema,
  DeleteResourceServerRequestSchema,
  GetResourceServerRequestSchema,
  ListResourceServersRequestSchema,
  UpdateResourceServerRequestSchema,
} from "#gen/koder/oauth/v1/resource_server_service_pb.ts";
import { createIdempotency } from "../../host/idempotency.ts";
import { createPeers } from "../../host/peers.ts";
import { createPageTokens } from "../../host/page-token.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { openStore } from "../../store/open-store.ts";
import { insert, replace } from "../../store/writes.ts";
import { vaultTenantKeys } from "../../vault/collections.ts";
import { testVault } from "../../vault/testing/test-vault.ts";
import { clients, oauthCollections, oauthRequests } from "../collections.ts";
import { defaultOauthLifetimes } from "../dependencies.ts";
import { testSigningKeys } from "../keys/testing/test-signing-keys.ts";
import { createResourceServer } from "./create-resource-server.ts";
import { deleteResourceServer } from "./delete-resource-server.ts";
import { getResourceServer } from "./get-resource-server.ts";
import { listResourceServers } from "./list-resource-servers.ts";
import { createResourceServers } from "./resource-servers.ts";
import { updateResourceServer } from "./update-resource-server.ts";

/** The issuer of every tenant of the fixture. */
export const issuer = "https://id.example";

/** The use cases of resource servers over a real store and vault, with a clock that the test owns. */
export async function resourceServerFixture() {
  let now = Date.UTC(2026, 0, 1);
  const clock = () => now;
  const store = await openStore({ url: "memory:", collections: [...oauthCollections, vaultTenantKeys], clock });
  onTestFinished(() => store.close());
  const vault = testVault(store, clock);
  const tenant = create(TenantSchema, { canonicalOrigin: issuer, active: true });
  const attributes = new Set<string>();
  const transport = createRouterTransport(({ service }) => {
    service(AttributeLookupService, {
      findAttributes: ({ names }) => ({ names: names.filter((name) => attributes.has(name)) }),
    });
  });
  const dependencies = {
    peers: createPeers(() => transport),
    store,
    clock,
    tenants: { get: () => Promise.resolve(tenant), lookup: () => Promise.resolve(tenant) },
    pageTokens: createPageTokens(vault),
    idempotency: createIdempotency({ store, vault, clock, collection: oauthRequests }),
    signingKeys: testSigningKeys({ store, vault, clock }),
    resourceServers: createResourceServers({ store, clock }),
    lifetimes: defaultOauthLifetimes,
  };
  const client = async (clientId: string, tenantId = "t1") =>
    store.tenant(tenantId).commit([insert(clients, create(StoredClientSchema, { clientId }))], [create(EventSchema)]);
  await client("shop");
  await client("orders");
  type Init = MessageInitShape<typeof ResourceServerSchema>;
  const context = (tenantId = "t1") => handlerContext({ tenantId });
  const answered = ({ resourceServer }: { readonly resourceServer?: ResourceServer | undefined }): ResourceServer => {
    if (resourceServer === undefined) throw new Error("an answer without the resource server");
    return resourceServer;
  };
  return {
    dependencies,
    data: store.tenant("t1"),
    /** The attributes that the tenant keeps. */
    attributes,
    /** Makes a client; those of the tenant are `shop` and `orders` from the start. */
    client,
    /** Deletes a client of the tenant: its tombstone stays. */
    async deleteClient(clientId: string): Promise<void> {
      const tombstone = create(StoredClientSchema, { clientId, deleteTime: timestampFromMs(now) });
      await store.tenant("t1").commit([replace(clients, tombstone, 1)], [create(EventSchema)]);
    },
    advance: (milliseconds: number): void => void (now += milliseconds),
    create: async (resourceServer: Init, { requestId = "", tenantId = "t1" } = {}) =>
      answered(
        await createResourceServer(dependencies)(
          create(CreateResourceServerRequestSchema, { resourceServer, requestId }),
          context(tenantId),
        ),
      ),
    get: async (resourceServerId: string, tenantId = "t1") =>
      answered(
        await getResourceServer(dependencies)(
          create(GetResourceServerRequestSchema, { resourceServerId }),
          context(tenantId),
        ),
      ),
    list: (pageSize = 0, pageToken = "") =>
      listResourceServers(dependencies)(create(ListResourceServersRequestSchema, { pageSize, pageToken }), context()),
    update: async (resourceServerId: string, resourceServer: Init, paths: readonly string[]) =>
      answered(
        await updateResourceServer(dependencies)(
          create(UpdateResourceServerRequestSchema, {
            resourceServerId,
            resourceServer,
            updateMask: { paths: [...paths] },
          }),
          context(),
        ),
      ),
    remove: (resourceServerId: string, etag = "") =>
      deleteResourceServer(dependencies)(
        create(DeleteResourceServerRequestSchema, { resourceServerId, etag }),
        context(),
      ),
  };
}
