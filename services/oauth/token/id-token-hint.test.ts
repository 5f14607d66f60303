import type { Tenant } from "#gen/koder/admin/v1/tenant_pb.ts";
import { expect, onTestFinished, test } from "vitest";
import { testCall } from "../../host/testing/handler-context.ts";
import { openStore } from "../../store/open-store.ts";
import { vaultTenantKeys } from "../../vault/collections.ts";
import { signJwt } from "../../vault/sign-jwt.ts";
import { testVault } from "../../vault/testing/test-vault.ts";
import { oauthCollections } from "../collections.ts";
import { testSigningKeys } from "../keys/testing/test-signing-keys.ts";
import { readIdTokenHint } from "./id-token-hint.ts";

const issuer = "https://id.example.com";
const start = Date.UTC(2026, 0, 1);

async function fixture() {
  let now = start;
  const clock = () => now;
  const store = await openStore({ url: "memory:", collections: [...oauthCollections, vaultTenantKeys], clock });
  onTestFinished(() => store.close());
  const signingKeys = testSigningKeys({ store, vault: testVault(store, clock), clock });
  const tenant = { canonicalOrigin: issuer } as Tenant;
  const tenants = { get: () => Promise.resolve(tenant), lookup: () => Promise.resolve(tenant) };
  const iat = start / 1000;
  return {
    pass: (milliseconds: number) => (now += milliseconds),
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
  pass(30 * 86_400_000);
  expect(await read(token)).toEqual(said);
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
