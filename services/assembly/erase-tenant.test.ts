import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { ApiKeySchema } from "#gen/koder/admin/store/v1/api_key_pb.ts";
import { TenantState } from "#gen/koder/admin/v1/tenant_pb.ts";
import { apiKeys } from "../admin/collections.ts";
import { reasonOf } from "../host/testing/refusal.ts";
import { tenantFixture } from "../admin/tenants/tenant-fixture.ts";
import { eventOf } from "../host/event.ts";
import { testCall } from "../host/testing/handler-context.ts";
import { sessionSchedules } from "../session/collections.ts";
import { insert } from "../store/writes.ts";
import { vaultTenantKeys } from "../vault/collections.ts";
import { createTenantEraser } from "./erase-tenant.ts";

const day = 86_400_000;

describe("A30: a tenant that is deleted", () => {
  /** Whatever a tenant may have, in its own space and in the system's. */
  async function furnished() {
    const f = await tenantFixture([sessionSchedules]);
    const dependencies = Object.assign(f.dependencies, { eraseTenant: createTenantEraser(f.store) });
    const [acme, globex] = [await f.create({ slug: "acme" }), await f.create({ slug: "globex" })];
    for (const tenant of [acme, globex]) {
      const id = tenant?.id ?? "";
      await dependencies.vault.tenant(id);
      await f.store.tenant(id).add("attempts", 1, dependencies.clock() + 400 * day);
      const key = create(ApiKeySchema, { id: `key of ${id}`, tenantId: id, keyHash: `hash of ${id}` });
      const call = testCall({ tenantId: "system" });
      const value = { $typeName: "koder.events.v1.ApiKeyCreated", displayName: "" } as const;
      const resource = { type: "api_key", id: key.id, version: 1 };
      const event = eventOf(call, 0, resource, { case: "apiKeyCreated", value });
      await f.system.commit([insert(apiKeys, key)], [event]);
    }
    const left = async (id: string | undefined) => {
      const of = { index: "tenant_id", equals: id ?? "", limit: 10 } as const;
      const [keys, dataKeys] = [await f.system.page(apiKeys, of), await f.system.page(vaultTenantKeys, of)];
      // A counter that is there goes on from 1, one that is not from 0.
      const counted = await f.store.tenant(id ?? "").add("attempts", 1, dependencies.clock() + 400 * day);
      return [keys.items.length, dataKeys.items.length, counted];
    };
    return { f, acme, globex, left };
  }

  test("is suspended at once and can be resumed during its grace", async () => {
    const { f, acme, left } = await furnished();
    const deleted = await f.remove("acme");
    expect(deleted).toMatchObject({ active: false, state: TenantState.DELETING });
    f.advance(6 * day);
    await f.purge();
    expect((await f.remove("acme"))?.purgeTime).toEqual(deleted?.purgeTime);
    expect(await f.resume("acme")).toMatchObject({ active: true, state: TenantState.ACTIVE });
    f.advance(30 * day);
    await f.purge();
    expect((await f.get("acme"))?.purgeTime).toBeUndefined();
    expect(await left(acme?.id)).toEqual([1, 1, 2]);
  });

  test("is gone with its keys and records, and nobody else's; nobody brings it back or has its slug again", async () => {
    const { f, acme, globex, left } = await furnished();
    await f.proven("acme", "login.acme.test");
    await f.remove("acme");
    f.advance(7 * day);
    await f.purge();
    expect(await left(acme?.id)).toEqual([0, 0, 1]);
    expect(await left(globex?.id)).toEqual([1, 1, 2]);
    for (const name of ["acme", acme?.id ?? ""]) {
      expect(await reasonOf(f.get(name))).toBe("TENANT_UNKNOWN");
      expect(await reasonOf(f.resume(name))).toBe("TENANT_UNKNOWN");
    }
    expect([await f.at("acme.id.example.com"), await f.at("login.acme.test")]).toEqual([undefined, undefined]);
    expect((await f.list()).tenants.map(({ slug }) => slug)).toEqual(["globex"]);
    expect(await reasonOf(f.create({ slug: "acme" }))).toBe("TENANT_SLUG_TAKEN");
    expect(await reasonOf(f.addDomain("globex", "login.acme.test"))).toBe("TENANT_DOMAIN_TAKEN");
    expect(f.faults).toEqual([]);
  });

  test("is found again after a crash in the middle of its removal", async () => {
    const { f, acme, left } = await furnished();
    const erase = f.dependencies.eraseTenant;
    let crashes = 2;
    f.dependencies.eraseTenant = (...of) => {
      crashes -= 1;
      return crashes >= 0 ? Promise.reject(new Error("away")) : erase(...of);
    };
    await f.remove("acme");
    f.advance(7 * day);
    await f.purge();
    // It is a tombstone already: nothing opens it again, whatever is left of its records.
    expect(await reasonOf(f.resume("acme"))).toBe("TENANT_UNKNOWN");
    await f.purge();
    await f.purge();
    expect(f.faults).toEqual([acme?.id, acme?.id]);
    expect(await left(acme?.id)).toEqual([0, 0, 1]);
  });
});
