import { describe, expect, test } from "vitest";
import { TenantState } from "#gen/koder/admin/v1/tenant_pb.ts";
import { testCall } from "../../host/testing/handler-context.ts";
import { defaultTenant } from "./default-tenant.ts";
import { reasonOf } from "../../host/testing/refusal.ts";
import { tenantFixture } from "./tenant-fixture.ts";

describe("a tenant", () => {
  test("answers at the host of its slug from its creation on, and by its id and its slug", async () => {
    const f = await tenantFixture();
    const tenant = await f.create({ slug: "acme", displayName: "Acme Ltd", defaultDomain: "acme.test" });
    expect(tenant).toMatchObject({
      slug: "acme",
      displayName: "Acme Ltd",
      canonicalOrigin: "https://acme.id.example.com",
      state: TenantState.ACTIVE,
      active: true,
    });
    expect(await f.get("acme")).toEqual(tenant);
    expect(await f.get(tenant?.id ?? "")).toEqual(tenant);
    expect([await f.at("acme.id.example.com"), await f.at("ACME.id.example.com")]).toEqual(["acme", "acme"]);
    expect([await f.at("id.example.com"), await f.at("default.id.example.com")]).toEqual(["default", undefined]);
    expect(await f.at("other.id.example.com")).toBeUndefined();
    expect(await f.at("acme.id.example.com:8443")).toBeUndefined();
  });

  test("is created once for a request id, and its slug is nobody else's", async () => {
    const f = await tenantFixture();
    const id = "0b0d9f6c-8ac6-4b6b-9c3f-0d6f6f7f6a01";
    const [one, same] = [await f.create({ slug: "acme" }, id), await f.create({ slug: "acme" }, id)];
    expect(same).toEqual(one);
    expect(await reasonOf(f.create({ slug: "acme" }))).toBe("TENANT_SLUG_TAKEN");
    const both = await Promise.all([1, 2, 3].map(() => reasonOf(f.create({ slug: "globex" }))));
    expect(both.toSorted((a, b) => a.localeCompare(b))).toEqual(["ok", "TENANT_SLUG_TAKEN", "TENANT_SLUG_TAKEN"]);
  });

  test.each([
    { slug: "A" },
    { slug: "default" },
    { slug: "acme", displayName: "a\u0000b" },
    { slug: "acme", displayName: "Acme\u202Egnp" },
    { slug: "acme", displayName: "Acme\u2028Inc" },
    { slug: "acme", displayName: "\u200B" },
    { slug: "acme", defaultDomain: "not a domain" },
    { slug: "acme", customDomain: "acme.test" },
    { slug: "acme", active: true },
    { slug: "acme", state: TenantState.SUSPENDED },
  ])("cannot be created as %j", async (tenant) => {
    const f = await tenantFixture();
    expect(await reasonOf(f.create(tenant))).toBe("TENANT_INVALID");
    expect((await f.list()).tenants).toEqual([]);
  });

  test.each(["http://127.0.0.1:8080", "http://[::1]:8080"])(
    "cannot be created below %s, which has no names",
    async (origin) => {
      const f = await tenantFixture();
      Object.assign(f.dependencies, { publicOrigin: () => origin });
      expect(await reasonOf(f.create({ slug: "acme" }))).toBe("TENANT_INVALID");
      expect((await f.list()).tenants).toEqual([]);
    },
  );

  test("is changed by a mask, and not by what was read before another change", async () => {
    const f = await tenantFixture();
    const before = await f.create({ slug: "acme" });
    f.advance(1_000);
    const after = await f.update("acme", { displayName: "Acme", defaultDomain: "acme.test" }, "display_name");
    expect([after?.displayName, after?.defaultDomain]).toEqual(["Acme", ""]);
    expect(after?.updateTime).not.toEqual(before?.updateTime);
    const etag = before?.etag ?? "";
    expect(await reasonOf(f.update("acme", { displayName: "B", etag }, "display_name"))).toBe("ETAG_MISMATCH");
    expect(await reasonOf(f.update("acme", { slug: "b" }, "slug"))).toBe("TENANT_INVALID");
    expect(await reasonOf(f.update("acme", { displayName: " " }, "display_name"))).toBe("TENANT_INVALID");
    expect(await reasonOf(f.update("acme", {}))).toBe("INVALID_REQUEST");
    expect(await reasonOf(f.update("nobody", { displayName: "B" }, "display_name"))).toBe("TENANT_UNKNOWN");
  });

  test("is listed by its slug, page by page, while it is there", async () => {
    const f = await tenantFixture();
    for (const slug of ["globex", "acme", "acme-2", "initech"]) await f.create({ slug });
    const first = await f.list({ pageSize: 3 });
    expect(first.tenants.map(({ slug }) => slug)).toEqual(["acme", "acme-2", "globex"]);
    const rest = await f.list({ pageSize: 3, pageToken: first.nextPageToken });
    expect(rest.tenants.map(({ slug }) => slug)).toEqual(["initech"]);
    expect((await f.list({ slugPrefix: "acme" })).tenants).toHaveLength(2);
    const stolen = f.list({ slugPrefix: "acme", pageToken: first.nextPageToken });
    expect(await reasonOf(stolen)).toBe("PAGE_TOKEN_INVALID");
  });

  test("that is suspended serves nobody until it is resumed; both change nothing twice", async () => {
    const f = await tenantFixture();
    await f.create({ slug: "acme" });
    const suspended = await f.suspend("acme");
    expect(suspended).toMatchObject({ active: false, state: TenantState.SUSPENDED });
    expect((await f.suspend("acme"))?.etag).toBe(suspended?.etag);
    const resumed = await f.resume("acme");
    expect(resumed).toMatchObject({ active: true, state: TenantState.ACTIVE });
    expect((await f.resume("acme"))?.etag).toBe(resumed?.etag);
    const told = (await f.events()).flatMap(({ payload }) =>
      payload.case === "tenantStateChanged" ? [payload.value.state] : [],
    );
    expect(told).toEqual(["suspended", "active"]);
  });

  test("the default one can be neither suspended nor deleted, and has no domain", async () => {
    const f = await tenantFixture();
    await defaultTenant(f.dependencies, testCall());
    for (const call of [f.suspend("default"), f.remove("default"), f.addDomain("default", "acme.test")]) {
      expect(await reasonOf(call)).toBe("TENANT_IS_DEFAULT");
    }
  });
});
