import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { TenantSchema } from "#gen/koder/admin/v1/tenant_pb.ts";
import { ClientSchema } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { ResourceServerSchema, type ResourceServer } from "#gen/koder/oauth/store/v1/resource_server_pb.ts";
import { testCall } from "../../host/testing/handler-context.ts";
import { defaultOauthLifetimes } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { policyWithDefaults } from "../policy/oauth-policies.ts";
import { createAccessTargets, type AccessTargets } from "./access-target.ts";

const issuer = "https://id.example";
const [orders, news] = ["https://orders.example", "urn:news"];
const call = testCall();
const shop = create(ClientSchema, { clientId: "shop" });
const stranger = create(ClientSchema, { clientId: "stranger" });

function targetsOf(servers: readonly ResourceServer[], defaultAudience = ""): AccessTargets {
  const policy = { ...policyWithDefaults(), defaultAudience };
  const tenant = create(TenantSchema, { canonicalOrigin: issuer });
  const known = new Map(servers.map((server) => [server.identifier, server]));
  return createAccessTargets({
    resourceServers: { of: () => Promise.resolve(known), forget: () => undefined },
    tenants: { get: () => Promise.resolve(tenant), lookup: () => Promise.resolve(tenant) },
    oauthPolicies: { get: () => Promise.resolve(policy), forget: () => undefined },
    lifetimes: defaultOauthLifetimes,
  });
}
const refusalOf = (work: Promise<unknown>) =>
  work.then(
    () => "none",
    (error: unknown) => (error instanceof OAuthRefusal ? error.code : error),
  );

const servers = [
  create(ResourceServerSchema, {
    identifier: orders,
    scopes: [{ name: "orders.read" }, { name: "shared" }],
    allowedClientIds: ["shop"],
    accessTokenLifetime: durationFromMs(3_600_000),
    signingAlg: "ES256",
  }),
  create(ResourceServerSchema, { identifier: news, scopes: [{ name: "shared" }], allClientsAllowed: true }),
];
const targets = targetsOf(servers);

describe("the resources of a request", () => {
  test("are the issuer, or let the client; which others there are is not told", async () => {
    expect(await refusalOf(targets.checkResources(call, shop, [orders, news, issuer]))).toBe("none");
    expect(await refusalOf(targets.checkResources(call, shop, []))).toBe("none");
    for (const resources of [[orders], ["https://none.example"], [""], [news, `${orders}/`], [news, "not a uri"]]) {
      expect([resources, await refusalOf(targets.checkResources(call, stranger, resources))]).toEqual([
        resources,
        "invalid_target",
      ]);
    }
  });

  test("are one for a token, said once or again", async () => {
    expect(await targets.checkOneResource(call, shop, [])).toBe("");
    expect(await targets.checkOneResource(call, shop, [orders, orders])).toBe(orders);
    expect(await refusalOf(targets.checkOneResource(call, shop, [orders, news]))).toBe("invalid_target");
    expect(await refusalOf(targets.checkOneResource(call, stranger, [orders]))).toBe("invalid_target");
  });
});

describe("A11: the scopes of a resource server", () => {
  const asked = ["openid", "orders.read", "shared", "own"];

  test("are granted where it is named, and nowhere else", async () => {
    expect(await targets.grantable(call, [], asked)).toEqual(["openid", "own"]);
    expect(await targets.grantable(call, [news], asked)).toEqual(["openid", "shared", "own"]);
    expect(await targets.grantable(call, [orders], asked)).toEqual(asked);
    expect(await targetsOf([]).grantable(call, [], asked)).toEqual(asked);
  });

  test("are alone in its tokens, and never in those of the tenant itself", async () => {
    expect(await targets.targetOf(call, shop, [orders], [...asked, "roles"])).toEqual({
      audience: orders,
      scopes: ["orders.read", "shared", "roles"],
      lifetime: 3_600_000,
      alg: "ES256",
      mappers: [],
    });
    for (const resources of [[], [issuer]]) {
      expect(await targets.targetOf(call, shop, resources, asked)).toEqual({
        audience: issuer,
        scopes: ["openid", "own"],
        lifetime: 900_000,
        alg: "RS256",
        mappers: [],
      });
    }
  });
});

test("a grant is for what was asked, and for the tenant itself where the person's claims were granted", async () => {
  expect(await targets.granted(call, [], ["openid"])).toEqual([]);
  expect(await targets.granted(call, [orders], ["orders.read"])).toEqual([orders]);
  expect(await targets.granted(call, [orders], ["openid"])).toEqual([orders, issuer]);
  expect(await targets.granted(call, [issuer, orders], ["openid"])).toEqual([issuer, orders]);
});

test("a token is for the first granted resource that still lets the client, and never for the tenant instead", async () => {
  expect(await targets.targetOf(call, stranger, [orders, news], [])).toMatchObject({ audience: news });
  expect(await refusalOf(targets.targetOf(call, stranger, [orders], ["openid"]))).toBe("invalid_target");
});

test("an audience is open to a client that may have tokens for it now", async () => {
  const opened = (client: typeof shop) =>
    Promise.all([issuer, orders, news, "urn:gone"].map((audience) => targets.isOpenTo(call, client, audience)));
  expect(await opened(shop)).toEqual([true, true, true, false]);
  expect(await opened(stranger)).toEqual([true, false, true, false]);
});

test("the longest lifetime is that of the resource servers that let the client", async () => {
  expect(await targets.longestLifetime(call, shop)).toBe(3_600_000);
  expect(await targets.longestLifetime(call, stranger)).toBe(900_000);
});

describe("the default audience", () => {
  const withDefault = targetsOf(servers, orders);

  test("is meant where no resource is named, if it lets the client", async () => {
    expect(await withDefault.checkResources(call, shop, [])).toEqual([orders]);
    expect(await withDefault.checkResources(call, shop, [news])).toEqual([news]);
    expect(await withDefault.checkResources(call, stranger, [])).toEqual([]);
    expect(await targets.checkResources(call, shop, [])).toEqual([]);
    expect(await targetsOf(servers, "urn:gone").checkResources(call, shop, [])).toEqual([]);
  });

  test("takes the person's scopes along, because userinfo takes its tokens, and no other audience's", async () => {
    const scopes = ["openid", "email", "orders.read", "own"];
    expect(await withDefault.targetOf(call, shop, [orders, issuer], scopes)).toMatchObject({
      audience: orders,
      scopes: ["openid", "email", "orders.read"],
    });
    const verdicts = [issuer, orders, news, ""].map((audience) => withDefault.isOfUserinfo(call, audience));
    expect(await Promise.all(verdicts)).toEqual([true, true, false, false]);
    expect(await targets.isOfUserinfo(call, orders)).toBe(false);
  });
});

test("A11: one whose identifier the tenant's domain has become takes nothing from tokens for the tenant", async () => {
  const same = create(ResourceServerSchema, {
    identifier: issuer,
    scopes: [{ name: "taken" }],
    allClientsAllowed: true,
    accessTokenLifetime: durationFromMs(86_400_000),
    signingAlg: "ES256",
  });
  const scopes = ["openid", "account.read", "taken"];
  for (const [asked, defaultAudience] of [
    [[], ""],
    [[issuer], ""],
    [[], issuer],
  ] as const) {
    const [moved, before] = [targetsOf([...servers, same], defaultAudience), targetsOf(servers)];
    const resources = await moved.checkResources(call, shop, asked);
    expect(await moved.targetOf(call, shop, resources, scopes)).toEqual(
      await before.targetOf(call, shop, resources, scopes),
    );
    expect(await moved.resourcesOf(call, shop)).toEqual([issuer, orders, news]);
    expect(await moved.longestLifetime(call, shop)).toBe(3_600_000);
  }
});
