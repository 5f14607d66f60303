import { describe, expect, test } from "vitest";
import { TenantDomainState } from "#gen/koder/admin/v1/tenant_pb.ts";
import { reasonOf } from "../../../host/testing/refusal.ts";
import { tenantFixture } from "../tenant-fixture.ts";

const day = 86_400_000;

async function twoTenants() {
  const f = await tenantFixture();
  await f.create({ slug: "acme" });
  await f.create({ slug: "globex" });
  return f;
}

describe("a domain", () => {
  test("is its tenant's once the TXT record is there, and not before", async () => {
    const f = await twoTenants();
    const added = await f.addDomain("acme", "login.acme.test");
    expect(added).toMatchObject({
      recordName: "_koder-id.login.acme.test",
      recordValue: expect.stringMatching(/^koder-id=[A-Za-z0-9_-]{22}$/) as unknown,
      state: TenantDomainState.PENDING,
    });
    expect(await reasonOf(f.verify("acme", "login.acme.test"))).toBe("TENANT_DOMAIN_UNPROVEN");
    expect(await f.at("login.acme.test")).toBeUndefined();
    f.publish("_koder-id.login.acme.test", ["v=spf1 -all", `${added?.recordValue}x`]);
    expect(await reasonOf(f.verify("acme", "login.acme.test"))).toBe("TENANT_DOMAIN_UNPROVEN");
    f.publish("_koder-id.login.acme.test", "away");
    expect(await reasonOf(f.verify("acme", "login.acme.test"))).toBe("TENANT_DOMAIN_UNPROVEN");
    f.publish("_koder-id.login.acme.test", ["v=spf1 -all", added?.recordValue ?? ""]);
    expect(await f.verify("acme", "login.acme.test")).toMatchObject({ state: TenantDomainState.VERIFIED });
    expect(await f.at("login.acme.test")).toBe("acme");
    // Its host leads to the tenant, whose origin is where it was.
    expect((await f.get("acme"))?.canonicalOrigin).toBe("https://acme.id.example.com");
  });

  test("is the tenant's origin where it says so, and then cannot be taken from it", async () => {
    const f = await twoTenants();
    const customDomain = "login.acme.test";
    expect(await reasonOf(f.update("acme", { customDomain }, "custom_domain"))).toBe("TENANT_DOMAIN_NOT_FOUND");
    await f.addDomain("acme", customDomain);
    expect(await reasonOf(f.update("acme", { customDomain }, "custom_domain"))).toBe("TENANT_DOMAIN_NOT_FOUND");
    await f.proven("acme", customDomain);
    expect(await reasonOf(f.update("globex", { customDomain }, "custom_domain"))).toBe("TENANT_DOMAIN_NOT_FOUND");
    const tenant = await f.update("acme", { customDomain }, "custom_domain");
    expect(tenant?.canonicalOrigin).toBe("https://login.acme.test");
    expect(await reasonOf(f.removeDomain("acme", customDomain))).toBe("TENANT_DOMAIN_IN_USE");
    expect((await f.update("acme", {}, "custom_domain"))?.canonicalOrigin).toBe("https://acme.id.example.com");
    expect(await reasonOf(f.removeDomain("acme", customDomain))).toBe("ok");
  });

  test("A30: anybody may want one, who proves it first has it, and nobody else ever", async () => {
    const f = await twoTenants();
    const [ours, theirs] = [await f.addDomain("acme", "shop.test"), await f.addDomain("globex", "shop.test")];
    expect(ours?.recordValue).not.toBe(theirs?.recordValue);
    f.publish("_koder-id.shop.test", [ours?.recordValue ?? "", theirs?.recordValue ?? ""]);
    const both = await Promise.all([
      reasonOf(f.verify("acme", "shop.test")),
      reasonOf(f.verify("globex", "shop.test")),
    ]);
    expect(both.toSorted((a, b) => a.localeCompare(b))).toEqual(["ok", "TENANT_DOMAIN_TAKEN"]);
    const [winner, loser] = both[0] === "ok" ? ["acme", "globex"] : ["globex", "acme"];
    expect(await f.at("shop.test")).toBe(winner);
    await f.removeDomain(winner, "shop.test");
    expect(await f.at("shop.test")).toBeUndefined();
    expect(await reasonOf(f.verify(loser, "shop.test"))).toBe("TENANT_DOMAIN_TAKEN");
    // The one that had it may have it again, by a new proof.
    const again = await f.addDomain(winner, "shop.test");
    expect([ours?.recordValue, theirs?.recordValue]).not.toContain(again?.recordValue);
    expect(await reasonOf(f.verify(winner, "shop.test"))).toBe("TENANT_DOMAIN_UNPROVEN");
    f.publish("_koder-id.shop.test", [again?.recordValue ?? ""]);
    expect(await reasonOf(f.verify(winner, "shop.test"))).toBe("ok");
  });

  test("that nobody has proven is forgotten when it is removed, and free for others", async () => {
    const f = await twoTenants();
    await f.addDomain("acme", "shop.test");
    await f.removeDomain("acme", "shop.test");
    expect(await f.domains("acme")).toEqual([]);
    expect(await reasonOf(f.removeDomain("acme", "shop.test"))).toBe("TENANT_DOMAIN_NOT_FOUND");
    await f.proven("globex", "shop.test");
    expect(await f.at("shop.test")).toBe("globex");
    expect(await reasonOf(f.addDomain("acme", "shop.test"))).toBe("TENANT_DOMAIN_TAKEN");
  });

  test("is not removed at the moment at which the tenant's origin moves there", async () => {
    const f = await twoTenants();
    // One is as far as it may be when the other begins.
    for (let steps = 0; steps < 40; steps += 1) {
      const domain = `d${steps}.acme.test`;
      await f.proven("acme", domain);
      const moving = reasonOf(f.update("acme", { customDomain: domain }, "custom_domain"));
      for (let step = 0; step < steps; step += 1) await Promise.resolve();
      const both = await Promise.all([moving, reasonOf(f.removeDomain("acme", domain))]);
      expect([steps, both.filter((reason) => reason === "ok").length]).toEqual([steps, 1]);
      await f.update("acme", { customDomain: "" }, "custom_domain");
    }
  });

  test.each(["id.example.com", "acme.id.example.com", "localhost", "127.0.0.1", "Acme.test", "acme"])(
    "%s is none that a tenant can have",
    async (domain) => {
      const f = await twoTenants();
      expect(await reasonOf(f.addDomain("acme", domain))).toBe("TENANT_DOMAIN_INVALID");
    },
  );

  test("there are 50 of a tenant at most", async () => {
    const f = await twoTenants();
    for (let at = 0; at < 50; at += 1) await f.addDomain("acme", `d${at}.acme.test`);
    expect(await reasonOf(f.addDomain("acme", "one.more.test"))).toBe("TENANT_DOMAIN_LIMIT");
    expect(await reasonOf(f.addDomain("acme", "d7.acme.test"))).toBe("ok");
  });
});

describe("A30: the daily look at a proof", () => {
  test("lets the tenant answer while it is there; three days without it, and they do not", async () => {
    const f = await twoTenants();
    await f.proven("acme", "login.acme.test");
    for (let days = 0; days < 5; days += 1) {
      f.advance(day);
      await f.recheck();
    }
    expect(await f.at("login.acme.test")).toBe("acme");
    f.publish("_koder-id.login.acme.test", []);
    for (const expected of ["acme", "acme", undefined]) {
      f.advance(day);
      await f.recheck();
      expect(await f.at("login.acme.test")).toBe(expected);
    }
    expect((await f.domains("acme"))[0]?.state).toBe(TenantDomainState.LAPSED);
    // Whoever runs the instance is told while there is time, and when there is no more.
    const missing = { domain: "login.acme.test", recordName: "_koder-id.login.acme.test" };
    expect(f.missingProofs).toMatchObject([
      { ...missing, missing: 1, lapsed: false },
      { ...missing, missing: 2, lapsed: false },
      { ...missing, missing: 3, lapsed: true },
    ]);
    const told = (await f.events()).at(-1)?.payload;
    expect(told?.case === "tenantDomainChanged" && told.value.state).toBe("lapsed");
    // Nobody looks any more, until the tenant asks for it.
    f.advance(30 * day);
    await f.recheck();
    await f.proven("acme", "login.acme.test");
    expect(await f.at("login.acme.test")).toBe("acme");
  });

  test("a day with the proof makes up for one without; name servers that are away say nothing", async () => {
    const f = await twoTenants();
    const proven = await f.proven("acme", "login.acme.test");
    const name = proven?.recordName ?? "";
    for (const records of [[], [], [proven?.recordValue ?? ""], [], []]) {
      f.publish(name, records);
      f.advance(day);
      await f.recheck();
    }
    f.publish(name, "away");
    for (let hours = 0; hours < 100; hours += 1) {
      f.advance(3_600_000);
      await f.recheck();
    }
    expect(await f.at("login.acme.test")).toBe("acme");
    expect(f.missingProofs.map(({ missing }) => missing)).toEqual([1, 2, 1, 2]);
  });
});
