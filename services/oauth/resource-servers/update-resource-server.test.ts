import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { BadRequestSchema } from "#gen/google/rpc/error_details_pb.ts";
import { UpdateOAuthPolicyRequestSchema } from "#gen/koder/oauth/v1/oauth_policy_service_pb.ts";
import { reasonOf } from "../../host/testing/refusal.ts";
import { handlerContext, testCall } from "../../host/testing/handler-context.ts";
import { createOauthPolicies } from "../policy/oauth-policies.ts";
import { updateOauthPolicy } from "../policy/update-oauth-policy.ts";
import { refusal } from "../clients/testing/refusal.ts";
import { resourceServerFixture } from "./resource-server-fixture.ts";

const identifier = "https://orders.example.com";

test("changes what the mask names, and nothing else; who asks next knows", async () => {
  const f = await resourceServerFixture();
  const made = await f.create({ identifier, displayName: "Orders", allowedClientIds: ["shop"] });
  expect([...(await f.dependencies.resourceServers.of(testCall())).keys()]).toEqual([identifier]);
  f.advance(1_000);
  const changed = await f.update(
    made.id,
    { displayName: "Other", accessTokenLifetime: durationFromMs(60_000), signingAlg: "ES256", etag: made.etag },
    ["access_token_lifetime", "signing_alg", "etag"],
  );
  expect(changed).toEqual({
    ...made,
    accessTokenLifetime: durationFromMs(60_000),
    signingAlg: "ES256",
    etag: "v2",
    updateTime: timestampFromMs(f.dependencies.clock()),
  });
  const known = await f.dependencies.resourceServers.of(testCall());
  expect(known.get(identifier)?.signingAlg).toBe("ES256");
  const published = await f.dependencies.signingKeys.published(testCall());
  expect(published.map(({ key }) => key.alg)).toContain("ES256");
});

test("a field that is set back gets its default", async () => {
  const f = await resourceServerFixture();
  const { id } = await f.create({ identifier, accessTokenLifetime: durationFromMs(60_000) });
  expect((await f.update(id, {}, ["access_token_lifetime"])).accessTokenLifetime).toEqual(durationFromMs(900_000));
});

test("is refused for another etag, an unknown id, no field, and what cannot be changed", async () => {
  const f = await resourceServerFixture();
  const { id } = await f.create({ identifier, allowedClientIds: ["shop"] });
  expect(await reasonOf(f.update(id, { etag: "v9", displayName: "A" }, ["display_name"]))).toBe("ETAG_MISMATCH");
  expect(await reasonOf(f.update("01JZZZZZZZZZZZZZZZZZZZZZZZ", {}, ["display_name"]))).toBe(
    "RESOURCE_SERVER_NOT_FOUND",
  );
  expect(await reasonOf(f.update(id, {}, []))).toBe("INVALID_REQUEST");
  for (const path of ["identifier", "id", "create_time", "constructor"]) {
    expect([path, await reasonOf(f.update(id, { identifier: "urn:other" }, [path]))]).toEqual([
      path,
      "RESOURCE_SERVER_INVALID",
    ]);
  }
  expect(await reasonOf(f.update(id, { allClientsAllowed: true }, ["all_clients_allowed"]))).toBe(
    "RESOURCE_SERVER_INVALID",
  );
  expect((await f.get(id)).etag).toBe("v1");
});

test("a deleted one is gone from everywhere, and its identifier may be given again", async () => {
  const f = await resourceServerFixture();
  const made = await f.create({ identifier });
  expect((await f.dependencies.resourceServers.of(testCall())).size).toBe(1);
  expect(await reasonOf(f.remove(made.id, "v9"))).toBe("ETAG_MISMATCH");
  await f.remove(made.id, made.etag);
  expect(await reasonOf(f.get(made.id))).toBe("RESOURCE_SERVER_NOT_FOUND");
  expect(await reasonOf(f.remove(made.id))).toBe("RESOURCE_SERVER_NOT_FOUND");
  expect((await f.dependencies.resourceServers.of(testCall())).size).toBe(0);
  expect((await f.create({ identifier })).id).not.toBe(made.id);
});

test("is not deleted while it is the tenant's default audience", async () => {
  const f = await resourceServerFixture();
  const { id } = await f.create({ identifier });
  const oauthPolicies = createOauthPolicies(f.dependencies);
  const defaultAudience = (audience: string) =>
    updateOauthPolicy({ ...f.dependencies, oauthPolicies })(
      create(UpdateOAuthPolicyRequestSchema, {
        policy: { defaultAudience: audience },
        updateMask: { paths: ["default_audience"] },
      }),
      handlerContext({ tenantId: "t1" }),
    );
  await defaultAudience(identifier);
  expect(await reasonOf(f.remove(id))).toBe("RESOURCE_SERVER_IN_POLICY");
  expect((await f.get(id)).identifier).toBe(identifier);
  await f.create({ identifier: "https://other.example.com" });
  await defaultAudience("https://other.example.com");
  expect(await reasonOf(f.remove(id))).toBe("ok");
});

test("is deleted once by two at once, and neither is told of an etag", async () => {
  const f = await resourceServerFixture();
  const { id } = await f.create({ identifier });
  expect(await Promise.all([f.remove(id), f.remove(id)].map(reasonOf))).toEqual(["ok", "RESOURCE_SERVER_NOT_FOUND"]);
});

test("are listed by pages, oldest first", async () => {
  const f = await resourceServerFixture();
  for (const name of ["a", "b", "c"]) {
    await f.create({ identifier: `urn:${name}` });
    f.advance(1);
  }
  const first = await f.list(2);
  expect(first.resourceServers.map((one) => one.identifier)).toEqual(["urn:a", "urn:b"]);
  const second = await f.list(2, first.nextPageToken);
  expect(second.resourceServers.map((one) => one.identifier)).toEqual(["urn:c"]);
  expect(second.nextPageToken).toBe("");
});

test("A18: what people read where they consent is one line each, which turns no other text", async () => {
  const f = await resourceServerFixture();
  const { id } = await f.create({ identifier, displayName: "Orders", scopes: [{ name: "orders.read" }] });
  const fieldsOf = (call: Promise<unknown>) =>
    call.then(
      () => [],
      (error: unknown) =>
        ConnectError.from(error)
          .findDetails(BadRequestSchema)
          .flatMap(({ fieldViolations }) => fieldViolations.map(({ field }) => field)),
    );
  for (const text of ["Orders\u202Esredro", "a\nb", "\u200B"]) {
    expect(await fieldsOf(f.update(id, { displayName: text }, ["display_name"]))).toEqual([
      "resource_server.display_name",
    ]);
    const scopes = [{ name: "orders.read" }, { name: "orders.write", description: text }];
    const asked = { identifier: "https://other.example.com", displayName: text, scopes };
    expect(await fieldsOf(f.update(id, { scopes }, ["scopes"]))).toEqual(["resource_server.scopes[1].description"]);
    expect(await fieldsOf(f.create(asked))).toEqual([
      "resource_server.display_name",
      "resource_server.scopes[1].description",
    ]);
  }
});

test("has claim mappers of attributes of the tenant's schema; one that was taken out of it since may stay", async () => {
  const f = await resourceServerFixture();
  f.attributes.add("plan");
  const reading = (...names: string[]) => ({
    claimMappers: names.map((name) => ({
      claim: `x_${name}`,
      source: { case: "customAttribute" as const, value: name },
      inAccessToken: true,
    })),
  });
  const refused = {
    reason: "RESOURCE_SERVER_INVALID",
    fields: ["resource_server.claim_mappers[1].custom_attribute"],
  };
  expect(await refusal(f.create({ identifier, ...reading("plan", "size") }))).toEqual(refused);
  const { id } = await f.create({ identifier, ...reading("plan") });
  expect(await refusal(f.update(id, reading("plan", "size"), ["claim_mappers"]))).toEqual(refused);
  f.attributes.clear();
  await f.update(id, { displayName: "Plans" }, ["display_name"]);
  await f.update(id, reading("plan"), ["claim_mappers"]);
});
