import { createSecretKey, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { afterEach, describe, expect, test } from "vitest";
import { TenantKeySchema } from "#gen/koder/vault/store/v1/tenant_key_pb.ts";
import { openStore } from "../store/open-store.ts";
import type { Collection, Store, SystemStore } from "../store/store.ts";
import { insert, remove, replace } from "../store/writes.ts";
import { vaultTenantKeys } from "./collections.ts";
import type { MasterKey, MasterKeys } from "./master-key.ts";
import { inspectTenantKeys, wrapAgain } from "./rotate-master-key.ts";
import { rotateTenantKeys } from "./rotate-tenant-keys.ts";
import { SealBroken, sealBox } from "./sealed-box.ts";
import { createVault, type Vault } from "./vault.ts";

const collections = [vaultTenantKeys] as unknown as readonly Collection[];
const place = { collection: "c", id: "i", field: "f" };
const masterKey = (id: string): MasterKey => ({ id, key: createSecretKey(randomBytes(32)) });
const master = masterKey("one");

let now = Date.UTC(2026, 0, 1);
const clock = () => now;
const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function open(url = "memory:"): Promise<Store> {
  const store = await openStore({ url, collections, clock });
  cleanUps.push(() => store.close());
  return store;
}

/** The system store with its calls counted, and each of them slower than a turn of the event loop. */
function counted(system: SystemStore) {
  const calls = { page: 0, commit: 0 };
  const spied: SystemStore = {
    ...system,
    tenantId: system.tenantId,
    get: (collection, id) => system.get(collection, id),
    async page(collection, query) {
      calls.page += 1;
      const answer = await system.page(collection, query);
      await new Promise(setImmediate);
      return answer;
    },
    async commit(writes, events) {
      calls.commit += 1;
      await system.commit(writes, events);
    },
  };
  return { calls, system: spied };
}

const macOf = async (vault: Vault, tenantId: string) =>
  (await vault.tenant(tenantId)).mac("u", Buffer.from("x")).mac.toString("hex");

const records = async (store: Store) => {
  const { items } = await store.system().page(vaultTenantKeys, { index: "id", limit: 1_000 });
  return items;
};

describe("a tenant's key", () => {
  test("is made at first use, wrapped, and read again by the next process", async () => {
    const store = await open();
    const sealed = (await createVault({ masterKeys: [master], system: store.system(), clock }).tenant("acme")).seal(
      place,
      Buffer.from("hello"),
    );
    const [stored, ...others] = await records(store);
    expect(others).toEqual([]);
    expect(stored?.record).toMatchObject({ tenantId: "acme", version: 1, masterKeyId: "one" });
    const next = createVault({ masterKeys: [master], system: store.system(), clock });
    expect(Buffer.from((await next.tenant("acme")).open(place, sealed)).toString()).toBe("hello");
    expect(await records(store)).toHaveLength(1);
  });

  test("is its tenant's own; the system has one too", async () => {
    const store = await open();
    const vault = createVault({ masterKeys: [master], system: store.system(), clock });
    const macs = await Promise.all(["acme", "other", "system"].map((tenantId) => macOf(vault, tenantId)));
    expect(new Set(macs).size).toBe(3);
    const sealed = (await vault.tenant("acme")).seal(place, randomBytes(8));
    const other = await vault.tenant("other");
    expect(() => other.open(place, sealed)).toThrow(SealBroken);
  });

  test("is made once by many who want it at once in one process", async () => {
    const store = await open();
    const { calls, system } = counted(store.system());
    const vault = createVault({ masterKeys: [master], system, clock });
    const macs = await Promise.all(Array.from({ length: 50 }, () => macOf(vault, "acme")));
    expect(new Set(macs).size).toBe(1);
    expect(calls).toEqual({ page: 1, commit: 1 });
  });

  test.each(["memory:", "sqlite:"])("is made once by many processes that race, on %s", async (scheme) => {
    let url = scheme;
    if (scheme === "sqlite:") {
      const directory = await mkdtemp(join(tmpdir(), "vault-"));
      cleanUps.push(() => rm(directory, { recursive: true }));
      url = `sqlite:${join(directory, "store.db")}`;
    }
    const store = await open(url);
    const { calls, system } = counted(store.system());
    const vaults = Array.from({ length: 20 }, () => createVault({ masterKeys: [master], system, clock }));
    const macs = await Promise.all(vaults.map((vault) => macOf(vault, "acme")));
    expect(calls.commit).toBe(20); // all of them found none
    expect(new Set(macs).size).toBe(1);
    expect(await records(store)).toHaveLength(1);
  });

  test.each(["", "a/1", "a b", "ä", "x".repeat(65), "../x"])(
    "is not made for %j, which is no tenant id",
    async (tenantId) => {
      const store = await open();
      const vault = createVault({ masterKeys: [master], system: store.system(), clock });
      await expect(vault.tenant(tenantId)).rejects.toThrow(RangeError);
      expect(await records(store)).toEqual([]);
    },
  );
});

describe("rotation", () => {
  test("of a tenant's key: the newest version makes, all of them verify and open", async () => {
    const store = await open();
    const system = store.system();
    const old = await createVault({ masterKeys: [master], system, clock }).tenant("acme");
    const sealed = old.seal(place, Buffer.from("old"));
    const { mac } = old.mac("u", Buffer.from("x"));
    // As a rotation writes them; version 10 follows 2 in number, not in text.
    for (const version of [2, 10]) {
      const wrappedKey = sealBox(
        { key: master.key, version, tenantId: "acme" },
        { collection: vaultTenantKeys.name, id: `acme/${version}`, field: "wrapped_key" },
        randomBytes(32),
      );
      const record = create(TenantKeySchema, { tenantId: "acme", version, masterKeyId: master.id, wrappedKey });
      await system.commit([insert(vaultTenantKeys, record)], []);
    }
    const rotated = await createVault({ masterKeys: [master], system, clock }).tenant("acme");
    expect(rotated.mac("u", Buffer.from("x")).keyVersion).toBe(10);
    expect(rotated.verifyMac("u", 1, Buffer.from("x"), mac)).toBe(true);
    expect(Buffer.from(rotated.open(place, sealed)).toString()).toBe("old");
    expect(rotated.keyedHashes("u", "s").map((hash) => hash.split(":")[0])).toEqual(["k10", "k2", "k1"]);
  });

  test("of the master key: the older one still unwraps, the first wraps", async () => {
    const store = await open();
    const system = store.system();
    const before = await macOf(createVault({ masterKeys: [master], system, clock }), "acme");
    const vault = createVault({ masterKeys: [masterKey("two"), master], system, clock });
    expect(await macOf(vault, "acme")).toBe(before);
    await vault.tenant("fresh");
    const wrappedBy = (await records(store)).map(({ record }) => [record.tenantId, record.masterKeyId]);
    expect(wrappedBy).toEqual([
      ["acme", "one"],
      ["fresh", "two"],
    ]);
  });
});

describe("a rotation in another process, while this one goes on", () => {
  const bytes = Buffer.from("x");

  test("a new version waits until every process knows it, then makes new things", async () => {
    const store = await open();
    const system = store.system();
    const [one, two] = [0, 0].map(() => createVault({ masterKeys: [master], system, clock })) as [Vault, Vault];
    await one.tenant("acme");
    now += 30_000;
    await two.tenant("acme");
    await rotate(system);
    const versions = async () =>
      Promise.all([one, two].map(async (vault) => (await vault.tenant("acme")).mac("u", bytes).keyVersion));
    // At every moment what one makes is found by the other, also by a hash that does not say its version.
    for (let passed = 0; passed <= 240; passed += 1) {
      const [making, finding] = passed % 2 === 0 ? [one, two] : [two, one];
      const hash = (await making.tenant("acme")).keyedHash("u", "secret");
      expect((await finding.tenant("acme")).keyedHashes("u", "secret"), `after ${passed} s`).toContain(hash);
      if (passed === 119) expect(await versions()).toEqual([1, 1]);
      now += 1_000;
    }
    expect(await versions()).toEqual([2, 2]);
  });

  test("a version that is needed and not known is read at once, and in vain at most once a second", async () => {
    const store = await open();
    const { calls, system } = counted(store.system());
    const vault = createVault({ masterKeys: [master], system, clock });
    await vault.tenant("acme");
    await rotate(store.system(), { useAfter: 0 });
    const made = (await createVault({ masterKeys: [master], system: store.system(), clock }).tenant("acme")).mac(
      "u",
      bytes,
    );
    expect(made.keyVersion).toBe(2);
    now += 1_000;
    const reads = calls.page;
    const found = await Promise.all(Array.from({ length: 20 }, () => vault.tenant("acme", 2)));
    expect(found.every((keys) => keys.verifyMac("u", 2, bytes, made.mac))).toBe(true);
    expect(calls.page - reads).toBe(1);
    for (let tries = 0; tries < 30; tries += 1) {
      expect((await vault.tenant("acme", 99)).has(99)).toBe(false);
      now += 100;
    }
    expect(calls.page - reads).toBeLessThanOrEqual(4);
  });

  test("a version that is needed and not known is read at once where the clock was ahead and was set right", async () => {
    const store = await open();
    const [other, vault] = [0, 0].map(() => createVault({ masterKeys: [master], system: store.system(), clock }));
    await other?.tenant("acme");
    now += 3_600_000;
    await vault?.tenant("acme");
    now -= 3_600_000;
    await rotate(store.system(), { useAfter: 0 });
    expect((await vault?.tenant("acme", 2))?.has(2)).toBe(true);
  });

  test("a master key that is not known is looked for in the file, and in vain at most once a second", async () => {
    const store = await open();
    const system = store.system();
    const next = masterKey("two");
    let file: MasterKeys = [master];
    let reads = 0;
    const readMasterKeys = async () => ((reads += 1), file);
    const vault = createVault({ masterKeys: [master], readMasterKeys, system, clock, openFor: 1 });
    const before = await Promise.all(["a", "b", "c"].map((tenantId) => macOf(vault, tenantId)));
    file = [next, master];
    const { behind } = await inspectTenantKeys(system, file);
    expect(await wrapAgain(system, file, behind, async () => undefined)).toBe(3);
    now += 1;
    reads = 0;
    expect(await Promise.all(["a", "b", "c"].map((tenantId) => macOf(vault, tenantId)))).toEqual(before);
    expect(reads).toBe(1);

    const [stored] = await records(store);
    if (stored === undefined) throw new Error("no key was made");
    await system.commit([replace(vaultTenantKeys, { ...stored.record, masterKeyId: "lost" }, stored.version)], []);
    for (let tries = 0; tries < 20; tries += 1) {
      now += 100;
      await expect(vault.tenant("a")).rejects.toThrow("wrapped by the master key lost");
    }
    expect(reads).toBeLessThanOrEqual(4);
  });

  test("a tenant's first key is not left to a master key that was removed while it was made", async () => {
    const store = await open();
    const next = masterKey("two");
    let file: MasterKeys = [master];
    // The whole rotation happens between the wrapping and its commit.
    const system: SystemStore = {
      ...store.system(),
      tenantId: "system",
      async commit(writes, events) {
        file = [next];
        await store.system().commit(writes, events);
      },
    };
    const vault = createVault({ masterKeys: [master], readMasterKeys: async () => file, system, clock });
    const made = await macOf(vault, "acme");
    expect((await records(store)).map(({ record }) => record.masterKeyId)).toEqual(["two"]);
    const later = createVault({ masterKeys: [next], system: store.system(), clock });
    expect(await macOf(later, "acme")).toBe(made);
  });

  test("tenants whose key is young are left alone, so that a repeat does nothing twice", async () => {
    const store = await open();
    const system = store.system();
    const vault = createVault({ masterKeys: [master], system, clock });
    for (const tenantId of ["a", "b", "c"]) await vault.tenant(tenantId);
    now += 86_400_000;
    const olderThan = 86_400_000;
    expect(await rotate(system, { olderThan, only: ["a"] })).toEqual({ rotated: 1, young: 0 });
    expect(await rotate(system, { olderThan })).toEqual({ rotated: 2, young: 1 });
    expect(await rotate(system, { olderThan })).toEqual({ rotated: 0, young: 3 });
    await expect(rotate(system, { only: ["nobody"] })).rejects.toThrow("the tenant nobody has no key");
  });

  function rotate(
    system: SystemStore,
    {
      useAfter,
      olderThan = 0,
      only,
    }: { readonly useAfter?: number; readonly olderThan?: number; readonly only?: readonly string[] } = {},
  ) {
    return rotateTenantKeys(
      { system, masterKeys: [master], clock, olderThan, useAfter, tell: async () => undefined },
      only,
    );
  }
});

describe("a key record that cannot be right", () => {
  test("says which master key is missing", async () => {
    const store = await open();
    await createVault({ masterKeys: [master], system: store.system(), clock }).tenant("acme");
    const vault = createVault({ masterKeys: [masterKey("two")], system: store.system(), clock });
    await expect(vault.tenant("acme")).rejects.toThrow(
      "the key of tenant acme was wrapped by the master key one, which is not in the master key file",
    );
  });

  test("does not open under another master key of the same name", async () => {
    const store = await open();
    await createVault({ masterKeys: [master], system: store.system(), clock }).tenant("acme");
    const vault = createVault({ masterKeys: [masterKey("one")], system: store.system(), clock });
    await expect(vault.tenant("acme")).rejects.toThrow(SealBroken);
  });

  test("does not open in the place of another tenant's, nor of another version", async () => {
    const store = await open();
    const system = store.system();
    const vault = createVault({ masterKeys: [master], system, clock });
    await vault.tenant("acme");
    await vault.tenant("victim");
    const acme = await system.get(vaultTenantKeys, "acme/1");
    const victim = await system.get(vaultTenantKeys, "victim/1");
    if (acme === undefined || victim === undefined) throw new Error("no keys were made");
    const swapped = { ...victim.record, wrappedKey: acme.record.wrappedKey };
    await system.commit([replace(vaultTenantKeys, swapped, victim.version)], []);
    await system.commit([insert(vaultTenantKeys, { ...acme.record, version: 2 })], []);
    const next = createVault({ masterKeys: [master], system, clock });
    await expect(next.tenant("victim")).rejects.toThrow(SealBroken);
    await expect(next.tenant("acme")).rejects.toThrow(SealBroken);
  });

  test("does not open when the index alone says that it is another tenant's", async () => {
    const store = await open();
    const system = store.system();
    await createVault({ masterKeys: [master], system, clock }).tenant("acme");
    // What a hand in the database could do: acme's row, found under victim's name.
    const misled: SystemStore = {
      ...system,
      tenantId: system.tenantId,
      page: (collection, query) => system.page(collection, { ...query, equals: "acme" }),
    };
    await expect(createVault({ masterKeys: [master], system: misled, clock }).tenant("victim")).rejects.toThrow(
      SealBroken,
    );
  });
});

describe("what is kept open", () => {
  test("is read again after its time, and a destroyed key is gone by then", async () => {
    const store = await open();
    const { calls, system } = counted(store.system());
    const vault = createVault({ masterKeys: [master], system, clock, openFor: 1_000 });
    const before = await macOf(vault, "acme");
    now += 999;
    expect(await macOf(vault, "acme")).toBe(before);
    expect(calls.page).toBe(1);
    const [stored] = await records(store);
    if (stored === undefined) throw new Error("no key was made");
    await store.system().commit([remove(vaultTenantKeys, stored)], []);
    now += 1;
    expect(await macOf(vault, "acme")).not.toBe(before);
    expect(calls.page).toBe(2);
  });

  test("is bounded: the tenant used least recently goes first", async () => {
    const store = await open();
    const { calls, system } = counted(store.system());
    const vault = createVault({ masterKeys: [master], system, clock, mostOpen: 2 });
    for (const tenantId of ["a", "b", "a", "c"]) await vault.tenant(tenantId);
    expect(calls.page).toBe(3);
    await vault.tenant("a");
    await vault.tenant("c");
    expect(calls.page).toBe(3);
    await vault.tenant("b");
    expect(calls.page).toBe(4);
  });

  test("is no failure: the next one asks again", async () => {
    const store = await open();
    const system = store.system();
    let down = true;
    const flaky: SystemStore = {
      ...system,
      tenantId: system.tenantId,
      page: (collection, query) =>
        down ? Promise.reject(new Error("the store is away")) : system.page(collection, query),
      commit: (writes, events) => system.commit(writes, events),
    };
    const vault = createVault({ masterKeys: [master], system: flaky, clock });
    await expect(vault.tenant("acme")).rejects.toThrow("the store is away");
    down = false;
    await expect(macOf(vault, "acme")).resolves.toHaveLength(64);
  });
});
