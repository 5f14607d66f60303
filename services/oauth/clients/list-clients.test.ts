import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ListClientsRequestSchema } from "#gen/koder/oauth/v1/client_service_pb.ts";
import { listClients } from "./list-clients.ts";
import { clientFixture } from "./testing/client-fixture.ts";
import { refusal } from "./testing/refusal.ts";

test("clients are listed by id, or those whose name begins so by name, in pages", async () => {
  const { client, dependencies, context } = await clientFixture();
  const names = ["Beta", "alpha two", "Alpha one", "Gamma", "ALPHA three"];
  for (const [index, clientName] of names.entries()) await client({ clientId: `c${index}`, clientName });
  const list = (init: { clientNamePrefix?: string; pageToken?: string; pageSize?: number }) =>
    listClients(dependencies)(create(ListClientsRequestSchema, init), context());

  expect((await list({})).clients.map(({ clientId }) => clientId)).toEqual(["c0", "c1", "c2", "c3", "c4"]);
  const first = await list({ clientNamePrefix: "aLPHa", pageSize: 2 });
  expect(first.clients.map(({ clientName }) => clientName)).toEqual(["Alpha one", "ALPHA three"]);
  const rest = await list({ clientNamePrefix: "alpha", pageSize: 2, pageToken: first.nextPageToken });
  expect(rest.clients.map(({ clientName }) => clientName)).toEqual(["alpha two"]);
  expect(rest.nextPageToken).toBe("");
  expect((await list({ clientNamePrefix: "alpha\0" })).clients).toEqual([]);
  // A page belongs to its own listing.
  expect(await refusal(list({ pageToken: first.nextPageToken }))).toMatchObject({ reason: "PAGE_TOKEN_INVALID" });
});
