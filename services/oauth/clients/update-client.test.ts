import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { ClientSchema } from "#gen/koder/oauth/v1/client_pb.ts";
import { UpdateClientRequestSchema } from "#gen/koder/oauth/v1/client_service_pb.ts";
import { replace } from "../../store/writes.ts";
import { clients } from "../collections.ts";
import { isClientSecret } from "./client-secret.ts";
import { finishVoiding } from "./finish-voiding.ts";
import { clientFixture } from "./testing/client-fixture.ts";
import { refusal } from "./testing/refusal.ts";
import { updateClient } from "./update-client.ts";

async function fixture() {
  const made = await clientFixture();
  const call = { tenantId: "t1" };
  return {
    ...made,
    update: async (clientId: string, client: MessageInitShape<typeof ClientSchema>, paths: readonly string[]) => {
      const request = create(UpdateClientRequestSchema, {
        clientId,
        client,
        updateMask: create(FieldMaskSchema, { paths: [...paths] }),
      });
      const answer = await updateClient(made.dependencies)(request, made.context());
      return answer.client ?? create(ClientSchema);
    },
    served: (clientId: string) => made.dependencies.clients.get(call, clientId),
    isSecret: async (clientId: string, secret: string) => {
      const client = await made.dependencies.clients.current(call, clientId);
      return client !== undefined && isClientSecret(made.dependencies, call, client, secret);
    },
  };
}

test("the fields of the mask change, and no others", async () => {
  const { client, update, advance, served } = await fixture();
  const before = await client({
    clientName: "Before",
    defaultMaxAge: 60,
    contacts: ["a@a.example"],
    requirePkce: true,
  });
  await served(before.clientId);
  advance(1_000);
  const after = await update(before.clientId, { clientName: "After", contacts: [] }, [
    "client_name",
    "contacts",
    "default_max_age",
  ]);
  expect(after).toMatchObject({
    clientName: "After",
    contacts: [],
    redirectUris: before.redirectUris,
    requirePkce: true,
    clientSecret: "",
    etag: "v2",
  });
  expect(after.defaultMaxAge).toBeUndefined();
  expect(after.createTime).toEqual(before.createTime);
  expect(after.updateTime).not.toEqual(before.updateTime);
  expect(await served(before.clientId)).toMatchObject({ clientName: "After" });
});

test("what would not be allowed at creation is not allowed by steps either", async () => {
  const { client, update } = await fixture();
  const { clientId } = await client({ tokenEndpointAuthMethod: "none" });
  const tries: [MessageInitShape<typeof ClientSchema>, string][] = [
    [{ grantTypes: ["authorization_code", "client_credentials"] }, "grant_types"],
    [{ redirectUris: [] }, "redirect_uris"],
    [{ redirectUris: ["http://a.example/"] }, "redirect_uris"],
    [{ requirePkce: false }, "require_pkce"],
    [{ scope: '"' }, "scope"],
  ];
  for (const [change, path] of tries) {
    const { reason, fields } = await refusal(update(clientId, change, [path]));
    expect([reason, fields[0]?.replace(/\[\d\]$/, "")]).toEqual(["CLIENT_METADATA_INVALID", path]);
  }
});

test("claim mappers read attributes of the tenant's schema; one that was taken out of it since may stay", async () => {
  const { client, update, attributes } = await fixture();
  attributes.add("plan");
  const reading = (...names: string[]) => ({
    claimMappers: names.map((name) => ({
      claim: name.toUpperCase(),
      source: { case: "customAttribute" as const, value: name },
      inIdToken: true,
    })),
  });
  const refused = { reason: "CLIENT_METADATA_INVALID", fields: ["claim_mappers[1].custom_attribute"] };
  expect(await refusal(client(reading("plan", "size")))).toEqual(refused);
  const { clientId } = await client(reading("plan"));
  expect(await refusal(update(clientId, reading("plan", "size"), ["claim_mappers"]))).toEqual(refused);
  attributes.clear();
  await update(clientId, { clientName: "App" }, ["client_name"]);
  expect(await refusal(update(clientId, reading("plan", "size"), ["claim_mappers"]))).toEqual(refused);
  await update(clientId, reading("plan"), ["claim_mappers"]);
});

test("what the server sets cannot be changed, nor what there is not", async () => {
  const { client, update } = await fixture();
  const { clientId } = await client();
  for (const path of ["client_id", "client_secret", "secrets", "create_time", "epoch", "jwks.keys"]) {
    expect(await refusal(update(clientId, { clientId: "x", clientSecret: "x" }, [path]))).toEqual({
      reason: "CLIENT_METADATA_INVALID",
      fields: [`client.${path}`],
    });
  }
  expect(await refusal(update(clientId, {}, ["etag"]))).toEqual({ reason: "INVALID_REQUEST", fields: ["update_mask"] });
});

test("an etag that is not the client's is refused, and so is a client that is not there", async () => {
  const { client, update } = await fixture();
  const { clientId, etag } = await client();
  await update(clientId, { clientName: "One", etag }, ["client_name", "etag"]);
  expect(await refusal(update(clientId, { clientName: "Two", etag }, ["client_name"]))).toMatchObject({
    reason: "ETAG_MISMATCH",
  });
  expect(await refusal(update("nobody", { clientName: "x" }, ["client_name"]))).toMatchObject({
    reason: "CLIENT_NOT_FOUND",
  });
});

test("a client that becomes confidential gets a secret; one that becomes public has none", async () => {
  const { client, update, isSecret } = await fixture();
  const { clientId, clientSecret } = await client({ tokenEndpointAuthMethod: "client_secret_basic" });
  const method = (tokenEndpointAuthMethod: string) =>
    update(clientId, { tokenEndpointAuthMethod }, ["token_endpoint_auth_method"]);
  expect(await method("client_secret_post")).toMatchObject({ clientSecret: "", secrets: [{}] });
  expect(await isSecret(clientId, clientSecret)).toBe(true);
  expect(await method("none")).toMatchObject({ clientSecret: "", secrets: [] });
  expect(await isSecret(clientId, clientSecret)).toBe(false);
  const again = await method("client_secret_basic");
  expect(again.clientSecret).toMatch(/^kcs_/);
  expect(again.clientSecret).not.toBe(clientSecret);
  expect(await isSecret(clientId, again.clientSecret)).toBe(true);
  expect(await isSecret(clientId, clientSecret)).toBe(false);
});

test("a disabled client is served nowhere, its epoch counted before the answer; enabled, it has the new one", async () => {
  const { client, update, served, epochOf, dependencies } = await fixture();
  const { clientId } = await client({ grantTypes: ["client_credentials"], redirectUris: [], scope: "a" });
  expect(await served(clientId)).toBeDefined();
  await update(clientId, { disabled: true }, ["disabled"]);
  expect(epochOf(clientId)).toBe(1n);
  expect(await served(clientId)).toBeUndefined();
  expect(await dependencies.clients.current({ tenantId: "t1" }, clientId)).toBeUndefined();
  // Another change of it while it is disabled, and the same once more.
  await update(clientId, { clientName: "x" }, ["client_name"]);
  await update(clientId, { disabled: true }, ["disabled"]);
  const counted = epochOf(clientId);
  expect(await update(clientId, { disabled: false }, ["disabled"])).toMatchObject({ disabled: false });
  expect((await served(clientId))?.epoch).toBe(epochOf(clientId));
  expect(epochOf(clientId)).toBe(counted);
});

test("a client is disabled whatever was taken of it that would not be now", async () => {
  const { client, update, dependencies, data } = await fixture();
  const { clientId } = await client({ clientName: "Before", scope: "openid reports.read" });
  const stored = await data.get(clients, clientId);
  if (stored === undefined) throw new Error("the client is gone");
  const { record, version } = stored;
  await data.commit([replace(clients, { ...record, clientName: "a\u202eb" }, version)], [create(EventSchema)]);
  const refused = { reason: "CLIENT_METADATA_INVALID", fields: ["client_name"] };
  expect(await refusal(update(clientId, { clientUri: "https://a.example/" }, ["client_uri"]))).toEqual(refused);
  expect(await update(clientId, { disabled: true }, ["disabled"])).toMatchObject({
    disabled: true,
    clientName: "a\u202eb",
    scope: "openid reports.read",
  });
  expect(await dependencies.clients.get({ tenantId: "t1" }, clientId)).toBeUndefined();
  expect(await refusal(update(clientId, { disabled: false }, ["disabled"]))).toEqual(refused);
  await update(clientId, { disabled: false, clientName: "After" }, ["disabled", "client_name"]);
});

test("while the epoch cannot be counted the call fails, and whoever finishes it counts it once", async () => {
  const { client, update, session, epochOf, events, dependencies, served } = await fixture();
  const { clientId } = await client();
  session.isAway = true;
  expect(await refusal(update(clientId, { disabled: true }, ["disabled"]))).toMatchObject({ reason: "UNAVAILABLE" });
  expect(await served(clientId)).toBeUndefined();
  // Enabled it would go on with what it has: so it cannot be until its tokens are void.
  expect(await refusal(update(clientId, { disabled: false }, ["disabled"]))).toMatchObject({ reason: "UNAVAILABLE" });
  session.isAway = false;
  const event = (await events()).find(({ payload }) => payload.case === "clientUpdated") ?? create(EventSchema);
  expect(event.payload.value).toMatchObject({ paths: ["disabled"], disabled: true });
  for (let i = 0; i < 2; i++) {
    await finishVoiding(dependencies)({ tenantId: "t1", event });
    expect(epochOf(clientId)).toBe(1n);
  }
});

test("of changes at once one is done where all say of which version, and each otherwise", async () => {
  const { client, update, data } = await fixture();
  const { clientId, etag } = await client();
  const atOnce = (sent: { readonly etag?: string }) =>
    Promise.allSettled(["a", "b", "c"].map((clientName) => update(clientId, { clientName, ...sent }, ["client_name"])));
  const done = await atOnce({ etag });
  expect(done.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect((await data.get(clients, clientId))?.version).toBe(2);
  const each = await atOnce({});
  expect(each.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
  expect((await data.get(clients, clientId))?.version).toBe(5);
});
