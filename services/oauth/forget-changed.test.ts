import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import { expect, onTestFinished, test } from "vitest";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { ClientSchema } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { ResourceServerSchema } from "#gen/koder/oauth/store/v1/resource_server_pb.ts";
import { OAuthPolicySchema } from "#gen/koder/oauth/store/v1/oauth_policy_pb.ts";
import { testCall } from "../host/testing/handler-context.ts";
import { openStore } from "../store/open-store.ts";
import { insert, replace } from "../store/writes.ts";
import { vaultTenantKeys } from "../vault/collections.ts";
import { testVault } from "../vault/testing/test-vault.ts";
import { createClientKeys } from "./client-authentication/client-keys.ts";
import { createClients } from "./clients/clients.ts";
import {
  clients as clientRecords,
  oauthCollections,
  oauthPolicies as policyRecords,
  oauthPolicyId,
  resourceServers as resourceServerRecords,
} from "./collections.ts";
import { forgetChanged } from "./forget-changed.ts";
import { createOauthPolicies } from "./policy/oauth-policies.ts";
import { createResourceServers } from "./resource-servers/resource-servers.ts";
import { testSigningKeys } from "./keys/testing/test-signing-keys.ts";

/** What stands still keeps the caches from running out. */
const clock = () => 0;
const call = testCall();

async function replica() {
  const store = await openStore({ url: "memory:", collections: [...oauthCollections, vaultTenantKeys], clock });
  onTestFinished(() => store.close());
  const vault = testVault(store, clock);
  const [clients, signingKeys] = [createClients({ store, clock }), testSigningKeys({ store, vault, clock })];
  const policies = createOauthPolicies({ store, clock });
  const other = testSigningKeys({ store, vault, clock });
  const noNetwork = { get: () => Promise.reject(new Error()), post: () => Promise.reject(new Error()) };
  const clientKeys = createClientKeys({ outbound: noNetwork, clock });
  const resourceServers = createResourceServers({ store, clock });
  const forget = forgetChanged({ clients, clientKeys, oauthPolicies: policies, resourceServers, signingKeys });
  return { data: store.tenant("t1"), clients, policies, resourceServers, signingKeys, other, forget };
}
const entryOf = (resourceType: string, resourceId: string, tenantId = "t1") => ({
  position: 1,
  number: 1,
  tenantId,
  event: create(EventSchema, { id: "e", resourceType, resourceId }),
});

test("a client that was deleted elsewhere is gone with its event, and no other tenant's", async () => {
  const { data, clients, forget } = await replica();
  const event = create(EventSchema, { id: "e" });
  await data.commit([insert(clientRecords, create(ClientSchema, { clientId: "app" }))], [event]);
  expect(await clients.get(call, "app")).toBeDefined();
  const gone = create(ClientSchema, { clientId: "app", deleteTime: timestampNow() });
  await data.commit([replace(clientRecords, gone, 1)], [event]);
  for (const other of [entryOf("client", "app", "t2"), entryOf("client", "other"), entryOf("user", "app")])
    forget(other);
  expect(await clients.get(call, "app")).toBeDefined();
  forget(entryOf("client", "app"));
  expect(await clients.get(call, "app")).toBeUndefined();
});

test("a policy that was changed elsewhere holds with its event, and no other tenant's", async () => {
  const { data, policies, forget } = await replica();
  expect((await policies.get(call)).registration.open).toBe(false);
  const open = create(OAuthPolicySchema, { id: oauthPolicyId, registration: { open: true } });
  await data.commit([insert(policyRecords, open)], [create(EventSchema, { id: "e" })]);
  forget(entryOf("oauth_policy", oauthPolicyId, "t2"));
  expect((await policies.get(call)).registration.open).toBe(false);
  forget(entryOf("oauth_policy", oauthPolicyId));
  expect((await policies.get(call)).registration.open).toBe(true);
});

test("an event of a newer version, with a payload that is unknown here, counts all the same", async () => {
  const { data, clients, forget } = await replica();
  expect(await clients.get(call, "app")).toBeUndefined();
  await data.commit([insert(clientRecords, create(ClientSchema, { clientId: "app" }))], [create(EventSchema)]);
  const { event, ...entry } = entryOf("client", "app");
  // Field 2000, an empty message.
  const newer = fromBinary(EventSchema, new Uint8Array([...toBinary(EventSchema, event), 0x82, 0x7d, 0]));
  expect(newer.payload.case).toBeUndefined();
  forget({ ...entry, event: newer });
  expect(await clients.get(call, "app")).toBeDefined();
});

test("a key that was made elsewhere is there with its event", async () => {
  const { signingKeys, other, forget } = await replica();
  await signingKeys.current(call, "RS256");
  await other.prepare(call, "ES256");
  expect(await signingKeys.published(call)).toHaveLength(1);
  forget(entryOf("signing_key", "kid"));
  expect(await signingKeys.published(call)).toHaveLength(2);
});

test("a resource server that was made elsewhere is there with its event", async () => {
  const { data, resourceServers, forget } = await replica();
  expect((await resourceServers.of(call)).size).toBe(0);
  const record = create(ResourceServerSchema, { id: "r", identifier: "urn:orders" });
  await data.commit([insert(resourceServerRecords, record)], [create(EventSchema)]);
  forget(entryOf("resource_server", "r", "t2"));
  expect((await resourceServers.of(call)).size).toBe(0);
  forget(entryOf("resource_server", "r"));
  expect((await resourceServers.of(call)).get("urn:orders")?.id).toBe("r");
});
