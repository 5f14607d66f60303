import { create } from "@bufbuild/protobuf";
import { beforeEach, expect, test } from "vitest";
import { ClientSchema } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { ConsentSchema } from "#gen/koder/oauth/store/v1/consent_pb.ts";
import { eventOf } from "../../host/event.ts";
import { testCall } from "../../host/testing/handler-context.ts";
import { openStore } from "../../store/open-store.ts";
import type { Store } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { consents, oauthCollections } from "../collections.ts";
import { givenClaims } from "./given-claims.ts";

const userId = "01JANA00000000000000000000";
const names = ["sub", "email", "name", "constructor"];

let store: Store;
beforeEach(async () => {
  store = await openStore({ url: "memory:", collections: oauthCollections, clock: () => 0 });
  return () => store.close();
});

const given = (client: { readonly scopes: string[]; readonly firstParty?: boolean }) =>
  givenClaims({ store }, testCall(), { client: create(ClientSchema, { clientId: "app", ...client }), userId }, names);

async function agreed(resource: string, ...scopes: string[]): Promise<void> {
  const record = create(ConsentSchema, { userId, clientId: "app", granted: [{ resource, scopes }] });
  const event = eventOf(
    testCall(),
    0,
    { type: "consent", id: consents.id(record), version: 1 },
    { case: "consentGiven", value: { $typeName: "koder.events.v1.ConsentGiven", clientId: "app", userId, scopes } },
  );
  await store.tenant("t1").commit([insert(consents, record)], [event]);
}

test("a client that people are not asked about is given the claims whose scope it may have", async () => {
  expect(await given({ scopes: ["openid", "email"] })).toEqual(["email"]);
  expect(await given({ scopes: ["profile", "email"], firstParty: true })).toEqual(["name", "email"]);
  expect(await given({ scopes: ["openid"] })).toEqual([]);
});

test("a client that people are asked about is given those of them that they agreed to", async () => {
  const client = { scopes: ["profile", "email"], firstParty: false };
  expect(await given(client)).toEqual([]);
  await agreed("", "openid", "email", "phone");
  expect(await given(client)).toEqual(["email"]);
  expect(await given({ ...client, scopes: ["profile"] })).toEqual([]);
});

test("what was agreed to for a resource server says nothing of the person", async () => {
  await agreed("https://drive.example", "email");
  expect(await given({ scopes: ["email"], firstParty: false })).toEqual([]);
});
