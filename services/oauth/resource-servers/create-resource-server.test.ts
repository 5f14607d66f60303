import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { ResourceServerSchema } from "#gen/koder/oauth/store/v1/resource_server_pb.ts";
import { reasonOf } from "../../host/testing/refusal.ts";
import { testCall } from "../../host/testing/handler-context.ts";
import { insert } from "../../store/writes.ts";
import { resourceServers } from "../collections.ts";
import { issuer, resourceServerFixture } from "./resource-server-fixture.ts";
import { mostResourceServers } from "./resource-servers.ts";

const identifier = "https://orders.example.com";

test("is kept as asked for, with its defaults, and tells of it", async () => {
  const f = await resourceServerFixture();
  const made = await f.create({
    identifier,
    displayName: "Orders",
    scopes: [{ name: "orders.read", description: "See your orders" }],
    allowedClientIds: ["shop"],
    introspectionClientIds: ["orders"],
  });
  const now = timestampFromMs(f.dependencies.clock());
  expect(made).toMatchObject({
    identifier,
    displayName: "Orders",
    scopes: [{ name: "orders.read", description: "See your orders" }],
    allClientsAllowed: false,
    allowedClientIds: ["shop"],
    introspectionClientIds: ["orders"],
    signingAlg: "RS256",
    accessTokenLifetime: durationFromMs(900_000),
    etag: "v1",
    createTime: now,
    updateTime: now,
  });
  expect(await f.get(made.id)).toEqual(made);
  expect(await reasonOf(f.get(made.id, "t2"))).toBe("RESOURCE_SERVER_NOT_FOUND");
  const [event] = await f.dependencies.store
    .system()
    .outbox(0, 10)
    .then((all) => all.filter((one) => one.event.resourceType === "resource_server"));
  expect(event?.event.payload).toMatchObject({ case: "resourceServerCreated", value: { identifier } });
});

test("has a key of its algorithm from the start", async () => {
  const f = await resourceServerFixture();
  await f.create({ identifier, signingAlg: "EdDSA" });
  const published = await f.dependencies.signingKeys.published(testCall());
  expect(published.map(({ key, state }) => [key.alg, state])).toEqual([["EdDSA", "current"]]);
});

test("has an identifier that no other of its tenant has, and that others may have", async () => {
  const f = await resourceServerFixture();
  await f.create({ identifier });
  expect(await reasonOf(f.create({ identifier }))).toBe("RESOURCE_SERVER_IDENTIFIER_TAKEN");
  expect(await reasonOf(f.create({ identifier }, { tenantId: "t2" }))).toBe("ok");
  expect(await reasonOf(f.create({ identifier: `${identifier}/` }))).toBe("ok");
});

test("is made once for one request id", async () => {
  const f = await resourceServerFixture();
  const requestId = randomUUID();
  const [first, second] = [
    await f.create({ identifier }, { requestId }),
    await f.create({ identifier }, { requestId }),
  ];
  expect(second).toEqual(first);
});

test.each([
  ["no identifier", {}],
  ["a relative one", { identifier: "/orders" }],
  ["the issuer", { identifier: issuer }],
  ["an id of its own", { identifier, id: "01JZZZZZZZZZZZZZZZZZZZZZZZ" }],
  ["a scope of OpenID Connect", { identifier, scopes: [{ name: "openid" }] }],
  ["a permission of this server as a scope", { identifier, scopes: [{ name: "users.read" }] }],
  ["the permission for everything as a scope", { identifier, scopes: [{ name: "*" }] }],
  ["a scope twice", { identifier, scopes: [{ name: "read" }, { name: "read" }] }],
  ["all clients and some", { identifier, allClientsAllowed: true, allowedClientIds: ["shop"] }],
])("is refused with %s", async (_what, server) => {
  const f = await resourceServerFixture();
  expect(await reasonOf(f.create(server))).toBe("RESOURCE_SERVER_INVALID");
});

test("there are only so many in a tenant", async () => {
  const f = await resourceServerFixture();
  const records = Array.from({ length: mostResourceServers }, (_, at) =>
    create(ResourceServerSchema, { id: `r${at}`, identifier: `urn:orders:${at}` }),
  );
  await f.data.commit(
    records.map((record) => insert(resourceServers, record)),
    [create(EventSchema)],
  );
  expect(await reasonOf(f.create({ identifier }))).toBe("RESOURCE_SERVER_LIMIT");
  expect((await f.dependencies.resourceServers.of(testCall())).size).toBe(mostResourceServers);
});
