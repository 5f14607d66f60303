import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPerson, password, registerClient, rest, tokensFor } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

const apiKey = async (asked: object, credential = server.adminApiKey) => {
  const { status, json } = await rest(server, "POST", "/v1/admin/api-keys", asked, credential);
  return { status, id: String(json["id"]), value: String(json["api_key"]) };
};
const statusOf = async (credential: string, method: string, path: string, body?: unknown) =>
  (await rest(server, method, path, body, credential)).status;

/** A person who signed in with an application that may make tokens, and one of their tokens. */
async function withToken(scopes: readonly string[] = []) {
  const person = await createPerson(server);
  const scope = ["openid", "account.write", "tokens.write", ...scopes].join(" ");
  const client = await registerClient(server, { scope });
  const { accessToken } = await tokensFor(server, client, person.username, { parameters: { scope } });
  const { status, json } = await rest(server, "POST", "/v1/users/me/tokens", { scopes }, accessToken);
  expect(status, JSON.stringify(json)).toBe(200);
  return { ...person, accessToken, id: person.id, tokenId: String(json["id"]), token: String(json["token"]) };
}

describe("A14: what an API key permits, and no more", () => {
  test("within its permissions and its tenant, over REST and RPC, until it is deleted", async () => {
    const key = await apiKey({ permissions: ["users.read", "api_keys.write"] });
    expect(key.status).toBe(200);
    expect(await statusOf(key.value, "GET", "/v1/users")).toBe(200);
    expect(await statusOf(key.value, "GET", "/v1/clients")).toBe(403);
    const rpc = "/koder.identity.v1.UserService/ListUsers";
    expect(await statusOf(key.value, "POST", rpc, {})).toBe(200);
    const header = { authorization: `Bearer ${key.value}`, "x-koder-tenant": "default" };
    expect((await fetch(`${server.url}/v1/users`, { headers: header })).status).toBe(400);
    for (const asked of [
      { permissions: ["*"] },
      { permissions: ["users.read"], authority: "API_KEY_AUTHORITY_INSTANCE" },
    ]) {
      expect((await apiKey(asked, key.value)).status).toBe(403);
    }
    const second = await apiKey({ permissions: ["users.read"] }, key.value);
    expect(await statusOf(server.adminApiKey, "DELETE", `/v1/admin/api-keys/${key.id}`)).toBe(200);
    expect(await statusOf(key.value, "GET", "/v1/users")).toBe(401);
    expect(await statusOf(second.value, "GET", "/v1/users")).toBe(200);
  });
});

describe("A3 and A14: a personal access token is its owner's", () => {
  test("it reads the owner's own, within its scopes what they may do, and makes no other", async () => {
    const plain = await withToken();
    expect(await statusOf(plain.token, "GET", "/v1/users/me")).toBe(200);
    expect(await statusOf(plain.token, "GET", "/v1/users")).toBe(403);
    expect(await statusOf(plain.token, "POST", "/v1/users/me/tokens", {})).toBe(401);
    const other = await withToken(["users.read"]);
    expect(await statusOf(other.token, "GET", "/v1/users")).toBe(403);
    await rest(server, "POST", "/v1/roles/support/assignments", { user_id: other.id });
    expect(await statusOf(other.token, "GET", "/v1/users")).toBe(200);
    expect(await statusOf(other.token, "GET", "/v1/sessions")).toBe(403);
    expect(await statusOf(other.accessToken, "DELETE", `/v1/users/me/tokens/${plain.tokenId}`)).toBe(404);
    expect(await statusOf(plain.accessToken, "DELETE", `/v1/users/me/tokens/${plain.tokenId}`)).toBe(200);
    expect(await statusOf(plain.token, "GET", "/v1/users/me")).toBe(401);
  });

  test("another password, signing out everywhere and disabling its owner void it", async () => {
    const ways = [
      (id: string) => rest(server, "POST", `/v1/users/${id}/password`, { password: `${password} again` }),
      (id: string) => rest(server, "DELETE", `/v1/users/${id}/sessions`),
      (id: string) => rest(server, "PATCH", `/v1/users/${id}`, { status: "USER_STATUS_DISABLED" }),
    ];
    for (const way of ways) {
      const { id, token } = await withToken();
      expect(await statusOf(token, "GET", "/v1/users/me")).toBe(200);
      expect((await way(id)).status).toBe(200);
      expect(await statusOf(token, "GET", "/v1/users/me")).toBe(401);
    }
  });
});
