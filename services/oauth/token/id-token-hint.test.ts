import type { Tenant } from "#gen/koder/admin/v1/tenant_pb.ts";
import { expect, onTestFinished, test } from "vitest";
import { testCall } from "../../host/testing/handler-context.ts";
import { openStore } from "../../store/open-store.ts";
import { vaultTenantKeys } from "../../vault/collections.ts";
import { signJwt } from "../../vault/sign-jwt.ts";
import { testVault } from "../../vault/testing/test-vault.ts";
import { oauthCollections } from "../collections.ts";
import { createKeyRings } from "../keys/key-rings.ts";
import { createKeySchedule } from "../keys/key-schedule.ts";
import { rotateDueKeys } from "../keys/rotate-due-keys.ts";
import { rotationPolicy } from "../keys/rotation-policy.ts";
import { testSigningKeys } from "../keys/testing/test-signing-keys.ts";
import { readIdTokenHint } from "./id-token-hint.ts";

const issuer = "https://id.example.com";
const start = Date.UTC(2026, 0, 1);
const day = 86_400_000;

async function fixture() {
  let now = start;
  const clock = () => now;
  const store = await openStore({ url: "memory:", collections: [...oauthCollections, vaultTenantKeys], clock });
  onTestFinished(() => store.close());
  const vault = testVault(store, clock);
  const signingKeys = testSigningKeys({ store, vault, clock });
  const rotateDue = rotateDueKeys(
    {
      keyRings: createKeyRings({ store, vault, clock }),
      keySchedule: createKeySchedule({ system: store.system() }),
      rotationPolicy: rotationPolicy({ signFor: 90 * day, maxAge: 300_000 }, 900_000),
      signingKeys,
      clock,
    },
    (error) => expect.fail(String(error)),
  );
  const tenant = { canonicalOrigin: issuer } as Tenant;
  const tenants = { get: () => Promise.resolve(tenant), lookup: () => Promise.resolve(tenant) };
  const iat = start / 1000;
  return {
    pass: (milliseconds: number) => (now += milliseconds),
    /** Days, with what the schedule of keys does on each. */
    passDays: async (days: number) => {
      for (let n = 0; n < days; n += 1) {
        now += day;
        while ((await rotateDue()) === 0);
      }
    },
    published: async () => (await signingKeys.published(testCall())).map(({ key }) => key.kid),
    sign: async (claims: object = {}, typ = "JWT", tenantId = "t1") =>
      signJwt(
        await signingKeys.current(testCall({ tenantId }), "RS256"),
        { typ },
        { iss: issuer, sub: "alice", aud: "app", sid: "s1", iat, exp: iat + 900, ...claims },
      ),
    read: (token: string) => readIdTokenHint({ tenants, signingKeys, clock }, testCall(), token),
  };
}

test("an id token of ours says whose it is, also long after it expired", async () => {
  const { sign, read, pass } = await fixture();
  const token = await sign();
  const said = { clientId: "app", subject: "alice", sid: "s1" };
  expect(await read(token)).toEqual(said);
  pass(30 * day);
  expect(await read(token)).toEqual(said);
});

test("an id token says it for as long as a session may last after its key has left the key set", async () => {
  const { sign, read, passDays, pass, published } = await fixture();
  const token = await sign();
  const accessToken = await sign({}, "at+jwt");
  const { kid } = JSON.parse(Buffer.from(token.split(".", 1)[0] ?? "", "base64url").toString()) as { kid: string };
  await passDays(92);
  expect(await published()).not.toContain(kid);
  const said = { clientId: "app", subject: "alice", sid: "s1" };
  expect(await read(token)).toEqual(said);
  expect(await read(accessToken)).toBeUndefined();
  expect(await read(`${token.slice(0, -4)}AAAA`)).toBeUndefined();
  pass(397 * day);
  expect(await read(token)).toEqual(said);
  pass(2 * day);
  expect(await read(token)).toBeUndefined();
});

test("anything else says nothing", async () => {
  const { sign, read } = await fixture();
  const [header = "", payload = "", signature = ""] = (await sign()).split(".");
  const forged = Buffer.from(JSON.stringify({ iss: issuer, sub: "bob", aud: "app", iat: 0, exp: 1 })).toString(
    "base64url",
  );
  const unsigned = Buffer.from(JSON.stringify({ alg: "none", typ: "JWT" })).toString("base64url");
  for (const token of [
    "",
    "x",
    `${header}.${forged}.${signature}`,
    `${unsigned}.${payload}.`,
    `${header}.${payload}.${signature.slice(1)}`,
    await sign({ iss: "https://other.example.com" }),
    await sign({}, "at+jwt"),
    await sign({}, "JWT", "t2"),
    await sign({ sub: undefined }),
    await sign({ aud: ["app", "other"] }),
    await sign({ iat: start / 1000 + 3_600 }),
  ]) {
    expect(await read(token), token).toBeUndefined();
  }
});
