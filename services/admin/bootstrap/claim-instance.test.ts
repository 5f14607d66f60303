import { create } from "@bufbuild/protobuf";
import { createClient, createRouterTransport } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { CredentialService, CreateOwnerResponseSchema } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { ownWork } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { openStore } from "../../store/open-store.ts";
import type { SystemStore } from "../../store/store.ts";
import { vaultTenantKeys } from "../../vault/collections.ts";
import { testVault } from "../../vault/testing/test-vault.ts";
import { verifyApiKey } from "../api-keys/verify-api-key.ts";
import { adminCollections } from "../collections.ts";
import { claimInstance, isInstanceClaimed } from "./claim-instance.ts";

const work = ownWork({ service: "admin", tenantId: "system", requestId: "r", deadline: Number.MAX_SAFE_INTEGER });
const claim = (apiKey: string) => ({
  username: "admin",
  email: "",
  password: "a long enough pass phrase",
  passwordChangeRequired: false,
  apiKey,
  afterSignIn: false,
});

/** Admin over a real store, with an identity service that notes whom it creates and fails when it is told to. */
async function fixture() {
  const clock = () => 1_000;
  const store = await openStore({ url: "memory:", collections: [...adminCollections, vaultTenantKeys], clock });
  const owners: string[] = [];
  let failing = false;
  let signedIn = false;
  const transport = createRouterTransport(({ service }) => {
    service(CredentialService, {
      createOwner({ userId }) {
        if (failing) throw new Error("identity is away");
        owners.push(userId);
        return create(CreateOwnerResponseSchema, { signedIn });
      },
    });
  });
  const peers: Peers = { client: (service) => createClient(service, transport) };
  const vault = testVault(store, clock);
  const system: SystemStore = store.system();
  const needs = { system, vault, peers, clock };
  const keyIsGood = async (apiKey: string) =>
    (await verifyApiKey(needs as never)({ $typeName: "koder.admin.v1.VerifyApiKeyRequest", apiKey })).active;
  return {
    needs,
    owners,
    keyIsGood,
    fail: (is: boolean) => void (failing = is),
    ownerSignsIn: () => void (signedIn = true),
  };
}

describe("claiming the instance", () => {
  test("A32: once, and then never again", async () => {
    const { needs, owners, keyIsGood } = await fixture();
    expect(await isInstanceClaimed(needs)).toBe(false);
    const userId = await claimInstance(needs, work, claim("kak_first"));
    expect(owners).toEqual([userId]);
    expect(await isInstanceClaimed(needs)).toBe(true);
    await expect(claimInstance(needs, work, claim("kak_second"))).rejects.toThrow("bootstrap is closed");
    expect([await keyIsGood("kak_first"), await keyIsGood("kak_second")]).toEqual([true, false]);
  });

  test("a crash before, between or after the writes is healed by the next attempt, with the same owner", async () => {
    const { needs, owners, keyIsGood, fail } = await fixture();
    fail(true);
    await expect(claimInstance(needs, work, claim("kak_lost"))).rejects.toThrow(/internal|identity/i);
    fail(false);
    // The owner was created, and the process ended before the claim was complete.
    const system = { ...needs.system, commit: () => Promise.reject(new Error("crash")) };
    await expect(claimInstance({ ...needs, system }, work, claim("kak_lost"))).rejects.toThrow("crash");
    expect(await isInstanceClaimed(needs)).toBe(false);
    const userId = await claimInstance(needs, work, claim("kak_kept"));
    expect(owners).toEqual([userId, userId]);
    expect([await keyIsGood("kak_lost"), await keyIsGood("kak_kept")]).toEqual([false, true]);
  });

  test("A32: a claim left open, whose owner has signed in since, gives a key to nobody but the process itself", async () => {
    const { needs, keyIsGood, fail, ownerSignsIn } = await fixture();
    fail(true);
    await expect(claimInstance(needs, work, claim("kak_lost"))).rejects.toThrow(/internal|identity/i);
    fail(false);
    ownerSignsIn();
    await expect(claimInstance(needs, work, claim("kak_stranger"))).rejects.toThrow("bootstrap is closed");
    expect(await keyIsGood("kak_stranger")).toBe(false);
    await claimInstance(needs, work, { ...claim("kak_start"), afterSignIn: true });
    expect([await keyIsGood("kak_start"), await isInstanceClaimed(needs)]).toEqual([true, true]);
  });

  test("of many at once one completes", async () => {
    const { needs, keyIsGood } = await fixture();
    const names = Array.from({ length: 10 }, (_value, n) => `kak_${n}`);
    const results = await Promise.allSettled(names.map((name) => claimInstance(needs, work, claim(name))));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect((await Promise.all(names.map(keyIsGood))).filter(Boolean)).toHaveLength(1);
  });
});
