import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createPerson,
  locationOf,
  password,
  pushedRequestUrl,
  pushRequest,
  refresh,
  registerClient,
  rest,
  tokensFor,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let dataDir: string;
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), "koder-id-instance-"));
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const files = () => readdirSync(dataDir).toSorted();
const modeOf = (name: string) => (statSync(join(dataDir, name)).mode & 0o777).toString(8);

describe("the first start, and the second", () => {
  test("files are the owner's alone; a second start changes nothing and honours what was issued", async () => {
    const first = await startServer({ dataDir });
    const client = await registerClient(first, { client_id: "dev.koder.chat" });
    const person = await createPerson(first);
    const tokens = await tokensFor(first, client, person.username);
    expect(await first.end()).toBe(0);
    for (const name of ["admin-api-key", "admin-password", "master-key", "koder-id.db"]) {
      expect([name, modeOf(name)]).toEqual([name, "600"]);
    }
    const before = Object.fromEntries(
      ["admin-api-key", "admin-password", "master-key"].map((name) => [
        name,
        readFileSync(join(dataDir, name), "utf8"),
      ]),
    );

    const second = await startServer({ dataDir });
    for (const [name, content] of Object.entries(before)) {
      expect(readFileSync(join(dataDir, name), "utf8"), name).toBe(content);
    }
    expect((await rest(second, "GET", "/v1/clients/dev.koder.chat")).status).toBe(200);
    expect((await refresh(second, client, tokens.refreshToken)).status).toBe(200);
    const owners = await rest(second, "GET", "/v1/users?username=admin");
    expect(owners.json["users"]).toHaveLength(1);
    await second.stop();
  });

  test("A21, A29: no secret is in the logs, the events or the database", async () => {
    const server = await startServer({ dataDir, env: { KODER_ID_LOG_LEVEL: "trace" } });
    const client = await registerClient(server);
    const person = await createPerson(server);
    const tokens = await tokensFor(server, client, person.username);
    const refreshed = await refresh(server, client, tokens.refreshToken);
    const { json: pushed } = await pushRequest(server, client, { id_token_hint: tokens.idToken, prompt: "login" });
    const url = pushedRequestUrl(server, client, pushed["request_uri"]);
    const waiting = locationOf(await tokens.browser.get(url), server.url);
    await server.stop();
    const secrets = {
      password,
      adminPassword: server.adminPassword,
      apiKey: server.adminApiKey,
      clientSecret: client.clientSecret,
      code: tokens.code,
      codeVerifier: tokens.codeVerifier,
      refreshToken: tokens.refreshToken,
      successor: String(refreshed.json["refresh_token"]),
      accessToken: tokens.accessToken,
      requestUri: String(pushed["request_uri"]).slice(-22),
      authorizationId: waiting.searchParams.get("authorization") ?? "",
      signature: tokens.idToken.split(".")[2] ?? "",
      sessionToken: tokens.browser.cookies.get("koder_session") ?? "",
      browserToken: tokens.browser.cookies.get("koder_browser") ?? "",
    };
    const logs = server.logs().join("\n");
    const stored = files()
      .filter((name) => name.startsWith("koder-id.db"))
      .map((name) => readFileSync(join(dataDir, name)));
    expect(stored.some((bytes) => bytes.includes(person.username))).toBe(true);
    for (const [name, secret] of Object.entries(secrets)) {
      expect(secret.length, name).toBeGreaterThan(12);
      expect(logs.includes(secret), `${name} in the logs`).toBe(false);
      expect(
        stored.some((bytes) => bytes.includes(secret)),
        `${name} in the database`,
      ).toBe(false);
    }
    expect(stored.some((bytes) => bytes.includes("PRIVATE KEY"))).toBe(false);
  });

  test("without its master key an instance with data does not start", async () => {
    rmSync(join(dataDir, "master-key"));
    await expect(startServer({ dataDir })).rejects.toThrow(/master key file .* does not exist/);
    expect(files()).not.toContain("master-key");
  });
});

describe("A32: the instance is claimed once, by whoever has the token", () => {
  const token = "a-bootstrap-token-that-is-long-enough";
  test("wrong or no token, then the right one, then never again", async () => {
    const server = await startServer({ env: { KODER_ID_BOOTSTRAP_TOKEN: token } });
    try {
      expect(server.adminApiKey).toBe("");
      const owner = { username: "root.owner", email: "root@koder.dev", password: "the owner's own pass phrase" };
      const claim = (credential: string, body: object = owner) =>
        rest(server, "POST", "/v1/admin/bootstrap", body, credential);
      expect((await claim("")).status).toBe(401);
      expect(await claim(`${token}x`)).toMatchObject({ json: { error: { reason: "BOOTSTRAP_TOKEN_INVALID" } } });
      expect((await claim(token, { ...owner, password: "short" })).status).toBe(400);

      // Many at once: one owner.
      const claims = await Promise.all(Array.from({ length: 8 }, () => claim(token)));
      const [winner, ...others] = claims.filter(({ status }) => status === 200);
      expect(others).toEqual([]);
      const key = String(winner?.json["api_key"]);
      expect((await rest(server, "GET", "/v1/admin/system/health", undefined, key)).json).toMatchObject({
        healthy: true,
      });
      expect(await claim(token)).toMatchObject({ status: 400, json: { error: { reason: "BOOTSTRAP_CLOSED" } } });
      const { json } = await rest(server, "GET", "/v1/users", undefined, key);
      expect((json["users"] as { username: string }[]).map(({ username }) => username)).toEqual(["root.owner"]);
    } finally {
      await server.stop();
    }
  });
});

describe("A32: an administrator of the default tenant gets no authority over the instance by a client", () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer({ env: { KODER_ID_ADMIN_PASSWORD: password } });
  });
  afterAll(() => server?.stop());
  const denied = { status: 403, json: { error: { reason: "PERMISSION_DENIED" } } };
  const redirect_uris = ["https://mine.example/cb"];
  /** A key of an administrator: of the default tenant, with every permission there. */
  const tenantKey = async () => {
    const { json } = await rest(server, "POST", "/v1/admin/api-keys", {
      display_name: "an owner's",
      permissions: ["*"],
    });
    return String(json["api_key"]);
  };

  test("neither by a new one, nor by where an owner's sends its codes, nor by those that register themselves", async () => {
    const key = await tenantKey();
    for (const scope of [
      "openid tenants.read tenants.write users.read *",
      "openid clients.write",
      "openid account.write",
    ]) {
      expect(await rest(server, "POST", "/v1/clients", { first_party: true, redirect_uris, scope }, key)).toMatchObject(
        denied,
      );
      const { clientId } = await registerClient(server, { scope });
      const path = `/v1/clients/${clientId}`;
      for (const change of [{ redirect_uris }, { scope: "openid" }, { jwks_uri: "https://mine.example/k" }]) {
        expect(await rest(server, "PATCH", path, change, key)).toMatchObject(denied);
      }
      expect(await rest(server, "POST", `${path}/secrets`, {}, key)).toMatchObject(denied);
      expect(await rest(server, "DELETE", path, undefined, key)).toMatchObject(denied);
      const registration = {
        open: true,
        allowed_scopes: scope.split(" "),
        allowed_grant_types: ["authorization_code"],
        max_redirect_uris: 1,
      };
      expect(await rest(server, "PATCH", "/v1/admin/policies/oauth", { registration }, key)).toMatchObject(denied);
    }
    const own = await rest(server, "POST", "/v1/clients", { redirect_uris, scope: "openid posts.write" }, key);
    expect(own.status, JSON.stringify(own.json)).toBe(200);
    const widened = await rest(
      server,
      "PATCH",
      `/v1/clients/${String(own.json["client_id"])}`,
      { scope: "openid *" },
      key,
    );
    expect(widened).toMatchObject(denied);
    const machine = { grant_types: ["client_credentials"], redirect_uris: [], scope: "users.read" };
    expect(await rest(server, "POST", "/v1/clients", machine, key)).toMatchObject({ status: 200 });
  });

  test("nor by the owner's account, which an application of theirs reads and does not change", async () => {
    const redirectUri = "https://mine.example/cb";
    const client = { first_party: true, redirect_uris: [redirectUri], scope: "openid profile" };
    const { json } = await rest(server, "POST", "/v1/clients", client, await tenantKey());
    const own = { clientId: String(json["client_id"]), clientSecret: String(json["client_secret"]), redirectUri };
    const tokenOf = async (username: string) =>
      (await tokensFor(server, own, username, { parameters: { scope: "openid profile" } })).accessToken;
    const person = await createPerson(server);
    for (const [username, changes] of [
      [person.username, 200],
      ["admin", 403],
    ] as const) {
      const token = await tokenOf(username);
      expect((await rest(server, "GET", "/v1/me", undefined, token)).status, username).toBe(200);
      expect((await rest(server, "POST", "/v1/me/mfa/totp", {}, token)).status, username).toBe(changes);
    }
  });
});
