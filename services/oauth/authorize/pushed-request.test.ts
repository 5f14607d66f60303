import { create, toBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { PushedRequestSchema } from "#gen/koder/oauth/store/v1/pushed_request_pb.ts";
import { expect, onTestFinished, test } from "vitest";
import { AuthorizationSchema } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import { ClientSchema } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { AuthorizationParametersSchema } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { testCall } from "../../host/testing/handler-context.ts";
import { openStore } from "../../store/open-store.ts";
import { vaultTenantKeys } from "../../vault/collections.ts";
import { testVault } from "../../vault/testing/test-vault.ts";
import { oauthCollections, pushedRequests } from "../collections.ts";
import { defaultOauthLifetimes as lifetimes } from "../dependencies.ts";
import { createOauthPolicies } from "../policy/oauth-policies.ts";
import { pushedRequestUri, storePushedRequest, takeUpPushed, useUpPushed } from "./pushed-request.ts";

const redirectUri = "https://app.example.com/cb";
const app = create(ClientSchema, { clientId: "app", redirectUris: [redirectUri] });
const asked = create(AuthorizationSchema, { clientId: "app", redirectUri, state: "s", nonce: "n" });

const named = (requestUri: string, ...duplicateParameters: string[]) =>
  pushedRequestUri(create(AuthorizationParametersSchema, { requestUri, duplicateParameters }));

async function fixture() {
  let now = Date.UTC(2026, 0, 1);
  const clock = () => now;
  const store = await openStore({ url: "memory:", collections: [...oauthCollections, vaultTenantKeys], clock });
  onTestFinished(() => store.close());
  const oauthPolicies = createOauthPolicies({ store, clock });
  const dependencies = { store, vault: testVault(store, clock), clock, lifetimes, oauthPolicies };
  const call = testCall();
  return {
    push: (byClient = true, sessionToken = "") =>
      storePushedRequest(dependencies, call, asked, { byClient, sessionToken }),
    take: async (requestUri: string, client = app, tenantId = "t1") =>
      (await takeUpPushed(dependencies, testCall({ tenantId }), client, requestUri)).authorization,
    tokenOf: async (requestUri: string) => (await takeUpPushed(dependencies, call, app, requestUri)).sessionToken,
    records: async () => (await dependencies.store.tenant("t1").page(pushedRequests, { index: "id", limit: 9 })).items,
    use: (authorization: typeof asked) => useUpPushed(dependencies, call, authorization),
    pass: (milliseconds: number) => (now += milliseconds),
    clock,
  };
}

test("a request comes back as it was read, and begins when its browser comes", async () => {
  const { push, take, pass, clock } = await fixture();
  const requestUri = await push();
  expect(requestUri).toMatch(/^urn:ietf:params:oauth:request_uri:[\w-]{22}$/);
  expect(named(requestUri)).toBe(requestUri);
  pass(lifetimes.requestUri - 1);
  const taken = await take(requestUri);
  expect(taken).toMatchObject({ clientId: "app", redirectUri, state: "s", nonce: "n" });
  expect(taken.createTime && timestampMs(taken.createTime)).toBe(clock());
});

test("A33: whoever signed in outside of a browser comes with the request, and is kept sealed", async () => {
  const { push, tokenOf, records } = await fixture();
  expect(await tokenOf(await push(true, "ksn_of-a-login-handle"))).toBe("ksn_of-a-login-handle");
  expect(await tokenOf(await push())).toBe("");
  const kept = (await records()).map(({ record }) =>
    Buffer.from(toBinary(PushedRequestSchema, record)).toString("latin1"),
  );
  expect(kept).toHaveLength(2);
  expect(kept.join("")).not.toContain("ksn_");
});

test.each([
  ["later than it may be used", 90_000, app, "t1", ""],
  ["by another client", 0, create(ClientSchema, { clientId: "other", redirectUris: [redirectUri] }), "t1", ""],
  ["in another tenant", 0, app, "t2", ""],
  ["by another name", 0, app, "t1", "x"],
  ["after the redirect URI was taken from the client", 0, create(ClientSchema, { clientId: "app" }), "t1", ""],
])("nobody comes with it %s", async (_why, wait, client, tenantId, suffix) => {
  const { push, take, pass } = await fixture();
  const requestUri = await push();
  pass(wait);
  await expect(take(`${requestUri}${suffix}`, client, tenantId)).rejects.toMatchObject({ name: "OAuthRefusal" });
});

test("one answer uses it up, whoever came with it, and however long they took", async () => {
  const { push, take, use, pass } = await fixture();
  const requestUri = await push();
  const several = [await take(requestUri), await take(requestUri), await take(requestUri)];
  pass(lifetimes.authorization);
  const outcomes = await Promise.allSettled(several.map(use));
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "invalid_request_uri" });
  }
});

test("what a browser sent itself may come as often as an address may", async () => {
  const { push, take, use } = await fixture();
  const requestUri = await push(false);
  await use(await take(requestUri));
  await use(await take(requestUri));
  expect(await take(requestUri)).toMatchObject({ state: "s" });
});

test("what a browser sent itself does not stand for a client's push", async () => {
  const { push, take } = await fixture();
  const mustPush = create(ClientSchema, { ...app, requirePushedAuthorizationRequests: true });
  await expect(take(await push(false), mustPush)).rejects.toMatchObject({ code: "invalid_request" });
  expect(await take(await push(), mustPush)).toMatchObject({ state: "s" });
});

test("a request that names two names none, and what is not of our form is somebody else's", () => {
  const ours = "urn:ietf:params:oauth:request_uri:";
  expect(() => named(`${ours}a`, "request_uri")).toThrow("request_uri was sent twice");
  for (const other of ["", "https://app.example.com/r", `${ours}${"a".repeat(100)}`]) {
    expect(named(other, "request_uri")).toBeUndefined();
  }
});
