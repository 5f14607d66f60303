import { expect, onTestFinished, test } from "vitest";
import { openStore } from "../../store/open-store.ts";
import { vaultTenantKeys } from "../../vault/collections.ts";
import { testVault } from "../../vault/testing/test-vault.ts";
import { oauthCollections, subjectKeys } from "../collections.ts";
import { createSubjects, type SubjectClient } from "./subjects.ts";

const clock = () => 0;
const tenant = { tenantId: "t1" };
const [ana, ben] = ["01JANA00000000000000000000", "01JBEN00000000000000000000"];
const pairwise = (redirectUri: string, sectorIdentifierUri = ""): SubjectClient => ({
  subjectType: "pairwise",
  sectorIdentifierUri,
  redirectUris: [redirectUri],
});
const shop = pairwise("https://shop.example/cb");

async function replicas() {
  const store = await openStore({ url: "memory:", collections: [...oauthCollections, vaultTenantKeys], clock });
  onTestFinished(() => store.close());
  const vault = testVault(store, clock);
  const replica = () => createSubjects({ store, vault, clock });
  return { store, one: replica(), other: replica() };
}

test("a public client gets the user's id, and no key is made for it", async () => {
  const { store, one } = await replicas();
  for (const subjectType of ["public", ""]) expect(await one.of(tenant, { ...shop, subjectType }, ana)).toBe(ana);
  expect(await store.tenant("t1").get(subjectKeys, "pairwise")).toBeUndefined();
});

test("a pairwise one gets a name that is the same at every time and in every process, and tells nothing", async () => {
  const { one, other } = await replicas();
  const both = await Promise.all([one.of(tenant, shop, ana), other.of(tenant, shop, ana)]);
  expect(new Set([...both, await one.of(tenant, shop, ana)]).size).toBe(1);
  expect(both[0]).toMatch(/^[A-Za-z0-9_-]{43}$/);
});

test("a session is called for a client likewise", async () => {
  const { one, other } = await replicas();
  const session = "01JSESS0000000000000000000";
  expect(await one.ofSession(tenant, { ...shop, subjectType: "public" }, session)).toBe(session);
  const name = await one.ofSession(tenant, shop, session);
  expect(name).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(await other.ofSession(tenant, shop, session)).toBe(name);
  expect(await one.ofSession(tenant, pairwise("https://news.example/cb"), session)).not.toBe(name);
});

test("it differs by person, sector and tenant", async () => {
  const { one } = await replicas();
  const names = await Promise.all([
    one.of(tenant, shop, ana),
    one.of(tenant, shop, ben),
    one.of(tenant, pairwise("https://news.example/cb"), ana),
    one.of({ tenantId: "t2" }, shop, ana),
  ]);
  expect(new Set(names).size).toBe(4);
});

test("clients of one sector get the same", async () => {
  const { one } = await replicas();
  const sector = "https://sector.example/uris.json";
  const [first, second, ofHost] = await Promise.all([
    one.of(tenant, pairwise("https://shop.example/cb", sector), ana),
    one.of(tenant, pairwise("https://news.example/cb", sector), ana),
    one.of(tenant, pairwise("https://sector.example/cb"), ana),
  ]);
  expect(new Set([first, second, ofHost]).size).toBe(1);
});
