import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { refusal } from "../clients/testing/refusal.ts";
import { resourceServerFixture } from "./resource-server-fixture.ts";

const identifier = "https://orders.example.com";

test("names clients of its tenant alone, and says of each of the others where it stands", async () => {
  const f = await resourceServerFixture();
  await f.client("of-another", "t2");
  await f.deleteClient("orders");
  const named = { allowedClientIds: ["shop", "nobody", "of-another"], introspectionClientIds: ["orders"] };
  expect(await refusal(f.create({ identifier, ...named }))).toMatchObject({
    reason: "RESOURCE_SERVER_INVALID",
    fields: [
      "resource_server.allowed_client_ids[1]",
      "resource_server.allowed_client_ids[2]",
      "resource_server.introspection_client_ids[0]",
    ],
  });
  const { id } = await f.create({ identifier });
  expect(await refusal(f.update(id, named, ["introspection_client_ids"]))).toMatchObject({
    fields: ["resource_server.introspection_client_ids[0]"],
  });
  await f.update(id, { allowedClientIds: ["shop"] }, ["allowed_client_ids"]);
});

test("a client that was deleted since stays where it was named, and comes nowhere else", async () => {
  const f = await resourceServerFixture();
  const server = { identifier, allowedClientIds: ["shop", "orders"] };
  const requestId = randomUUID();
  const made = await f.create(server, { requestId });
  await f.deleteClient("orders");
  expect(await f.create(server, { requestId }), "a repeat is answered as before").toEqual(made);
  await f.update(made.id, { displayName: "Orders" }, ["display_name"]);
  await f.update(made.id, { allowedClientIds: ["orders"] }, ["allowed_client_ids"]);
  const elsewhere = f.update(made.id, { introspectionClientIds: ["orders"] }, ["introspection_client_ids"]);
  expect(await refusal(elsewhere)).toMatchObject({ fields: ["resource_server.introspection_client_ids[0]"] });
});

test("names as many clients as the contract lets it, in both lists", async () => {
  const f = await resourceServerFixture();
  const ids = Array.from({ length: 400 }, (_, at) => `client-${at}`);
  for (const id of ids) await f.client(id);
  const named = { allowedClientIds: ids.slice(0, 200), introspectionClientIds: ids.slice(200) };
  const { id } = await f.create({ identifier, ...named });
  expect(await f.get(id)).toMatchObject(named);
  const last = { introspectionClientIds: [...ids.slice(200, 399), "nobody"] };
  expect(await refusal(f.create({ identifier: "urn:other", ...named, ...last }))).toMatchObject({
    fields: ["resource_server.introspection_client_ids[199]"],
  });
});
