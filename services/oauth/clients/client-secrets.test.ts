import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { ClientSchema as StoredClientSchema } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { ClientSecretSchema } from "#gen/koder/oauth/v1/client_secret_pb.ts";
import {
  CreateClientSecretRequestSchema,
  DeleteClientRequestSchema,
  DeleteClientSecretRequestSchema,
  GetClientRequestSchema,
} from "#gen/koder/oauth/v1/client_service_pb.ts";
import { replace } from "../../store/writes.ts";
import { clients } from "../collections.ts";
import { isClientSecret } from "./client-secret.ts";
import { createClientSecret } from "./create-client-secret.ts";
import { deleteClient } from "./delete-client.ts";
import { deleteClientSecret } from "./delete-client-secret.ts";
import { getClient } from "./get-client.ts";
import { clientFixture } from "./testing/client-fixture.ts";
import { refusal } from "./testing/refusal.ts";

async function fixture() {
  const made = await clientFixture();
  const { dependencies, context } = made;
  const call = { tenantId: "t1" };
  return {
    ...made,
    now: () => dependencies.clock(),
    another: async (
      clientId: string,
      { expireTime, requestId = "" }: { expireTime?: Timestamp; requestId?: string } = {},
    ) => {
      const secret = create(ClientSecretSchema, expireTime === undefined ? {} : { expireTime });
      const request = create(CreateClientSecretRequestSchema, { clientId, secret, requestId });
      return (await createClientSecret(dependencies)(request, context())).secret ?? secret;
    },
    drop: (clientId: string, secretId: string) =>
      deleteClientSecret(dependencies)(create(DeleteClientSecretRequestSchema, { clientId, secretId }), context()),
    shown: async (clientId: string) => {
      const { client } = await getClient(dependencies)(create(GetClientRequestSchema, { clientId }), context());
      return client?.secrets ?? [];
    },
    isSecret: async (clientId: string, secret: string) => {
      const client = await dependencies.clients.get(call, clientId);
      return client !== undefined && isClientSecret(dependencies, call, client, secret);
    },
  };
}

test("two secrets are good at a time, so that one takes the other's place without a pause", async () => {
  const { client, another, drop, shown, isSecret } = await fixture();
  const { clientId, clientSecret: first } = await client();
  expect(await isSecret(clientId, first)).toBe(true);
  const second = await another(clientId);
  expect(second.clientSecret).toMatch(/^kcs_[\w-]{43}$/);
  expect([await isSecret(clientId, first), await isSecret(clientId, second.clientSecret)]).toEqual([true, true]);
  expect(await refusal(another(clientId))).toMatchObject({ reason: "CLIENT_SECRET_LIMIT" });
  const [old] = await shown(clientId);
  await drop(clientId, old?.id ?? "");
  expect([await isSecret(clientId, first), await isSecret(clientId, second.clientSecret)]).toEqual([false, true]);
  expect(await refusal(drop(clientId, old?.id ?? ""))).toMatchObject({ reason: "CLIENT_SECRET_NOT_FOUND" });
  await drop(clientId, second.id);
  expect(await isSecret(clientId, second.clientSecret)).toBe(false);
  expect(await shown(clientId)).toEqual([]);
});

test("secrets that are deleted at once are gone, and so is a client whose secrets change meanwhile", async () => {
  const { dependencies, context, client, another, drop, shown } = await fixture();
  const { clientId } = await client();
  await another(clientId);
  const [one, other] = await shown(clientId);
  await Promise.all([drop(clientId, one?.id ?? ""), drop(clientId, other?.id ?? "")]);
  expect(await shown(clientId)).toEqual([]);
  const { id } = await another(clientId);
  await Promise.all([
    drop(clientId, id),
    deleteClient(dependencies)(create(DeleteClientRequestSchema, { clientId }), context()),
  ]);
  expect(await refusal(shown(clientId))).toMatchObject({ reason: "CLIENT_NOT_FOUND" });
});

test("of secrets that are made at once there are as many as there may be, and no more", async () => {
  const { client, another, shown, drop } = await fixture();
  const { clientId } = await client();
  for (const { id } of await shown(clientId)) await drop(clientId, id);
  const made = await Promise.allSettled([another(clientId), another(clientId), another(clientId)]);
  expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
  expect(await shown(clientId)).toHaveLength(2);
});

test("reads show ids and times, never a value; events neither", async () => {
  const { client, another, shown, events } = await fixture();
  const { clientId, clientSecret } = await client();
  const { clientSecret: second } = await another(clientId);
  const secrets = await shown(clientId);
  expect(secrets).toHaveLength(2);
  for (const secret of secrets)
    expect(secret).toMatchObject({ clientSecret: "", id: expect.stringMatching(/^\w{26}$/) });
  const said = (value: unknown) =>
    JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? String(part) : part));
  for (const value of [secrets, await events()]) {
    expect(said(value)).not.toContain(clientSecret.slice(4));
    expect(said(value)).not.toContain(second.slice(4));
  }
});

test("a secret is refused from its expiry on, and makes room for another", async () => {
  const { client, another, advance, isSecret, shown, now } = await fixture();
  const { clientId } = await client();
  expect(await refusal(another(clientId, { expireTime: timestampFromMs(now()) }))).toEqual({
    reason: "CLIENT_METADATA_INVALID",
    fields: ["secret.expire_time"],
  });
  const { clientSecret, expireTime } = await another(clientId, { expireTime: timestampFromMs(now() + 1_000) });
  expect(expireTime && timestampMs(expireTime)).toBe(now() + 1_000);
  expect(await isSecret(clientId, clientSecret)).toBe(true);
  advance(1_000);
  expect(await isSecret(clientId, clientSecret)).toBe(false);
  await another(clientId);
  expect(await shown(clientId)).toHaveLength(2);
});

test("a repeat with the same request id answers the same secret, and makes no third", async () => {
  const { client, another, shown } = await fixture();
  const { clientId } = await client();
  const requestId = "0b0f7f0e-6c6b-4f5e-9d3c-1a2b3c4d5e6f";
  const first = await another(clientId, { requestId });
  expect((await another(clientId, { requestId })).clientSecret).toBe(first.clientSecret);
  expect(await shown(clientId)).toHaveLength(2);
});

test("a client without secrets gets none", async () => {
  const { client, another } = await fixture();
  const { clientId } = await client({ tokenEndpointAuthMethod: "none" });
  expect(await refusal(another(clientId))).toMatchObject({ reason: "CLIENT_SECRET_UNUSED" });
  expect(await refusal(another("nobody"))).toMatchObject({ reason: "CLIENT_NOT_FOUND" });
});

test("a secret of a record older than the list of secrets is good, and can be deleted", async () => {
  const { client, data, dependencies, drop, shown, isSecret, events } = await fixture();
  const { clientId, clientSecret } = await client();
  const stored = await data.get(clients, clientId);
  if (stored === undefined) throw new Error("the client is not there");
  const { secrets, ...record } = stored.record;
  const old = create(StoredClientSchema, { ...record, secrets: [], secretHashes: secrets.map(({ hash }) => hash) });
  const [event] = await events();
  await data.commit([replace(clients, old, stored.version)], event === undefined ? [] : [event]);
  dependencies.clients.forget("t1", clientId);
  expect(await isSecret(clientId, clientSecret)).toBe(true);
  const [kept] = await shown(clientId);
  await drop(clientId, kept?.id ?? "");
  expect(await isSecret(clientId, clientSecret)).toBe(false);
  expect((await data.get(clients, clientId))?.record).toMatchObject({ secretHashes: [], secrets: [] });
});

test("a secret that comes with the creation is taken when it is like ours, and by a client that uses one", async () => {
  const { client, isSecret } = await fixture();
  const chosen = `kcs_${"aB3_-".repeat(8)}xyz`;
  const made = await client({ clientSecret: chosen });
  expect([made.clientSecret, await isSecret(made.clientId, chosen)]).toEqual([chosen, true]);
  const wrong = { reason: "CLIENT_METADATA_INVALID", fields: ["client_secret"] };
  for (const clientSecret of ["a secret that I thought of", `${chosen}x`, `kcs_${"é".repeat(43)}`]) {
    expect(await refusal(client({ clientSecret }))).toEqual(wrong);
  }
  expect(await refusal(client({ clientSecret: chosen, tokenEndpointAuthMethod: "none" }))).toEqual(wrong);
});
