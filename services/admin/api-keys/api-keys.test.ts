import { randomUUID } from "node:crypto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { beforeEach, expect, test } from "vitest";
import { ApiKeySchema as StoredApiKeySchema } from "#gen/koder/admin/store/v1/api_key_pb.ts";
import { VerifyApiKeyRequestSchema } from "#gen/koder/admin/v1/api_key_internal_pb.ts";
import { ApiKeyAuthority, type ApiKeySchema } from "#gen/koder/admin/v1/api_key_pb.ts";
import {
  CreateApiKeyRequestSchema,
  DeleteApiKeyRequestSchema,
  ListApiKeysRequestSchema,
} from "#gen/koder/admin/v1/api_key_service_pb.ts";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { callOf, type Call } from "../../host/call.ts";
import { reasonOf } from "../../host/testing/refusal.ts";
import { replace } from "../../store/writes.ts";
import { apiKeys } from "../collections.ts";
import { defaultTenant } from "../tenants/default-tenant.ts";
import { removeApiKeys } from "../tenants/remove-api-keys.ts";
import { adminFixture, keyHolding, otherTenantId, tenantId } from "./admin-fixture.ts";
import { createApiKey } from "./create-api-key.ts";
import { deleteApiKey } from "./delete-api-key.ts";
import { listApiKeys } from "./list-api-keys.ts";
import { verifyApiKey } from "./verify-api-key.ts";

const [INSTANCE, TENANT] = [ApiKeyAuthority.INSTANCE, ApiKeyAuthority.TENANT];
const owner = keyHolding(["*"]);
const instanceOwner = keyHolding(["*"], true);
let f: Awaited<ReturnType<typeof adminFixture>>;
let verify: ReturnType<typeof verifyApiKey>;
beforeEach(async () => {
  f = await adminFixture();
  verify = verifyApiKey(f.dependencies);
});

const made = async (apiKey: MessageInitShape<typeof ApiKeySchema>, caller: Partial<Call> = owner, requestId = "") => {
  const request = create(CreateApiKeyRequestSchema, { apiKey, requestId });
  const { apiKey: answered } = await createApiKey(f.dependencies)(request, f.context(caller));
  if (answered === undefined) throw new Error("no key was answered");
  return answered;
};
const verified = (apiKey: string) => verify(create(VerifyApiKeyRequestSchema, { apiKey }));
const list = async (authority: ApiKeyAuthority, caller: Partial<Call> = owner) =>
  (await listApiKeys(f.dependencies)(create(ListApiKeysRequestSchema, { authority }), f.context(caller))).apiKeys;
const drop = (apiKeyId: string, caller: Partial<Call> = owner) =>
  deleteApiKey(f.dependencies)(create(DeleteApiKeyRequestSchema, { apiKeyId }), f.context(caller));

test("a key is shown once, opens what it was made for, and nothing once it is deleted or has expired", async () => {
  const requestId = randomUUID();
  const asked = {
    displayName: "CI",
    permissions: ["users.read"],
    expireTime: timestampFromMs(f.dependencies.clock() + 90_000),
  };
  const key = await made(asked, owner, requestId);
  expect(key.apiKey).toMatch(new RegExp(`^kak_${tenantId}_[A-Za-z0-9_-]{43}$`));
  expect(await made(asked, owner, requestId)).toEqual(key);
  expect(await verified(key.apiKey)).toMatchObject({
    active: true,
    tenantId,
    instance: false,
    permissions: ["users.read"],
  });
  const [listed, ...others] = await list(TENANT);
  expect([listed?.id, listed?.apiKey, others]).toEqual([key.id, "", []]);
  expect(JSON.stringify((await f.events()).map(({ event }) => event.payload))).not.toContain(key.apiKey.slice(-20));
  f.advance(90_000);
  expect((await verified(key.apiKey)).active).toBe(false);
  // A repeat is answered as at first, also when the key has expired by then.
  expect(await made(asked, owner, requestId)).toEqual(key);
  expect(await reasonOf(made(asked))).toBe("API_KEY_INVALID");

  const other = await made({ permissions: ["users.read"] });
  await drop(other.id);
  expect((await verified(other.apiKey)).active).toBe(false);
  expect(await reasonOf(drop(other.id))).toBe("API_KEY_NOT_FOUND");
  expect((await f.events()).at(-1)).toMatchObject({ tenantId, event: { payload: { case: "apiKeyDeleted" } } });
});

test("a key that is made up is nobody's, whatever tenant it names", async () => {
  const { apiKey } = await made({ permissions: ["users.read"] });
  for (const wrong of [
    "kak_",
    `kak_${tenantId}_${"A".repeat(43)}`,
    `kak_01JNNNNNNNNNNNNNNNNNNNNNNN_${"A".repeat(43)}`,
    apiKey.replace(tenantId, otherTenantId),
    `${apiKey}A`,
  ]) {
    expect([wrong, (await verified(wrong)).active]).toEqual([wrong, false]);
  }
});

test("A30: nobody has keys made again for a tenant that is gone, by an API key that names it", async () => {
  const id = "01JGANE0000000000000000000";
  const keysOf = await f.goneTenant(id);
  expect((await verified(`kak_${id}_${"A".repeat(43)}`)).active).toBe(false);
  expect(await keysOf()).toEqual([]);
});

test("when it was last used is noted to the minute, once a minute", async () => {
  const key = await made({ permissions: ["users.read"] });
  expect((await list(TENANT))[0]?.lastUseTime).toBeUndefined();
  f.advance(59_000);
  await verified(key.apiKey);
  const first = timestampFromMs(Date.UTC(2026, 0, 1));
  expect((await list(TENANT))[0]?.lastUseTime).toEqual(first);
  f.advance(2_000);
  await verified(key.apiKey);
  expect((await list(TENANT))[0]?.lastUseTime).toEqual(first);
  f.advance(60_000);
  await verified(key.apiKey);
  expect((await list(TENANT))[0]?.lastUseTime).toEqual(timestampFromMs(Date.UTC(2026, 0, 1, 0, 2)));
});

test("nobody makes, sees or deletes a key that goes beyond their own credential", async () => {
  const small = keyHolding(["api_keys.write", "api_keys.read", "users.read"]);
  for (const permissions of [["*"], ["users.write"], ["users.read", "clients.read"]]) {
    expect(await reasonOf(made({ permissions }, small))).toBe("PERMISSION_DENIED");
  }
  for (const caller of [small, owner]) {
    expect(await reasonOf(made({ permissions: ["users.read"], authority: INSTANCE }, caller))).toBe(
      "PERMISSION_DENIED",
    );
    expect(await reasonOf(list(INSTANCE, caller))).toBe("PERMISSION_DENIED");
  }
  const strong = await made({ permissions: ["*"] });
  expect(await reasonOf(drop(strong.id, small))).toBe("PERMISSION_DENIED");
  const reaching = await made({ permissions: ["users.read"], authority: INSTANCE }, instanceOwner);
  const { record: home } = await defaultTenant(f.dependencies, callOf(f.context()));
  expect(await verified(reaching.apiKey)).toMatchObject({ active: true, instance: true, tenantId: home.id });
  expect((await list(INSTANCE, instanceOwner)).map(({ id }) => id)).toEqual([reaching.id]);
  expect(await reasonOf(drop(reaching.id))).toBe("API_KEY_NOT_FOUND");
  await drop(reaching.id, instanceOwner);
  expect((await verified(reaching.apiKey)).active).toBe(false);
});

test("A14: another tenant's key is not there", async () => {
  const key = await made({ permissions: ["users.read"] });
  const elsewhere = { ...owner, tenantId: otherTenantId };
  expect(await list(TENANT, elsewhere)).toEqual([]);
  expect(await reasonOf(drop(key.id, elsewhere))).toBe("API_KEY_NOT_FOUND");
});

test.each([
  ["no permission", {}],
  ["a permission that there is none of", { permissions: ["users.read", "users.raed"] }],
  ["a value of its own", { permissions: ["users.read"], apiKey: "kak_mine" }],
  ["an end that is past", { permissions: ["users.read"], expireTime: timestampFromMs(1) }],
])("is refused with %s", async (_what, key) => {
  expect(await reasonOf(made(key))).toBe("API_KEY_INVALID");
});

test("a key that reaches the instance does not go with the tenant where it was made", async () => {
  const reaching = await made({ permissions: ["users.read"], authority: INSTANCE }, instanceOwner);
  const { system, clock } = f.dependencies;
  const stored = await system.get(apiKeys, reaching.id);
  if (stored === undefined) throw new Error("the key is gone");
  // As an earlier version kept it.
  const before = create(StoredApiKeySchema, { ...stored.record, tenantId });
  await system.commit([replace(apiKeys, before, stored.version)], [create(EventSchema)]);
  await removeApiKeys(system, callOf(f.context()), clock(), { id: tenantId, slug: "gone" });
  const { record: home } = await defaultTenant(f.dependencies, callOf(f.context()));
  expect(await verified(reaching.apiKey)).toMatchObject({ active: true, instance: true, tenantId: home.id });
  expect((await list(INSTANCE, instanceOwner)).map(({ id }) => id)).toEqual([reaching.id]);
});
