import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { walk } from "../support/interaction-pages.ts";
import {
  createPerson,
  registerClient,
  rest,
  tokenRequest,
  tokensFor,
  userinfoStatus,
  type RelyingParty,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
let client: RelyingParty;
beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server);
});
afterAll(() => server?.stop());

const refreshFor = (refreshToken: string, parameters: Record<string, string>) =>
  tokenRequest(server, client, { grant_type: "refresh_token", refresh_token: refreshToken, ...parameters });

function claimsOf(token: unknown): Record<string, unknown> {
  const payload = String(token).split(".")[1] ?? "";
  return JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as Record<string, unknown>;
}

describe("A11: what was granted is never exceeded", () => {
  test("a refresh takes any part of the scopes for this token alone, and nothing beyond", async () => {
    const { username } = await createPerson(server);
    const scope = "openid email offline_access";
    const { refreshToken } = await tokensFor(server, client, username, { parameters: { scope } });
    let token = refreshToken;

    for (const wider of ["openid profile", "openid email offline_access phone", "users.write", "openid  admin"]) {
      const { status, json } = await refreshFor(token, { scope: wider });
      expect([status, json["error"]], wider).toEqual([400, "invalid_scope"]);
      expect(json).not.toHaveProperty("access_token");
    }
    const narrow = await refreshFor(token, { scope: "openid" });
    expect([narrow.status, narrow.json["scope"]]).toEqual([200, "openid"]);
    expect(claimsOf(narrow.json["access_token"])["scope"]).toBe("openid");
    token = String(narrow.json["refresh_token"]);

    const without = await refreshFor(token, { scope: "email" });
    expect(without.json).not.toHaveProperty("id_token");
    expect(await userinfoStatus(server, String(without.json["access_token"]))).toBe(403);
    token = String(without.json["refresh_token"]);

    const whole = await refreshFor(token, {});
    expect([whole.status, whole.json["scope"]]).toEqual([200, scope]);
  });

  test("a code gives the scopes of its request, whatever the token request says", async () => {
    const { username } = await createPerson(server);
    const parameters = { scope: "openid" };
    const { accessToken, refreshToken } = await tokensFor(server, client, username, { parameters });
    expect(claimsOf(accessToken)["scope"]).toBe("openid");
    expect(refreshToken).toBe("");
  });

  test("a refreshed id token keeps its subject and gains nothing", async () => {
    const { username } = await createPerson(server);
    for (const [parameters, hasAuthTime] of [
      [{ max_age: "3600" }, true],
      [{}, false],
    ] as const) {
      const { idToken, refreshToken } = await tokensFor(server, client, username, { parameters: { ...parameters } });
      const [first, second] = [claimsOf(idToken), claimsOf((await refreshFor(refreshToken, {})).json["id_token"])];
      for (const claim of ["iss", "sub", "aud", "azp", "auth_time", "acr", "sid"]) {
        expect(second[claim], claim).toEqual(first[claim]);
      }
      expect("auth_time" in second).toBe(hasAuthTime);
      expect(second).not.toHaveProperty("nonce");
      expect(Object.keys(first)).toEqual(expect.arrayContaining(Object.keys(second)));
      expect(Number(second["iat"])).toBeGreaterThanOrEqual(Number(first["iat"]));
    }
  });
});

describe("A11: whoever lets an application know who they are has not given it their account", () => {
  /** What an application of somebody else gets for a scope that the person lets it have, and the page that asked them. */
  async function tokenFor(scope: string) {
    const person = await createPerson(server);
    const way = await walk(server, await registerClient(server, { first_party: false, scope }), { scope });
    await way.signIn(person.username);
    const { html } = await way.page();
    await way.send({ action: "allow" });
    return { person, html, token: String((await way.redeem())["access_token"]) };
  }
  /** How the account's own calls are answered to it. */
  async function atAccount({ person, token }: { readonly person: { readonly id: string }; readonly token: string }) {
    const call = async (method: string, path: string, body?: object) =>
      (await rest(server, method, path, body, token)).status;
    return {
      read: [
        await call("GET", "/v1/me"),
        await call("GET", `/v1/users/${person.id}`),
        await call("GET", "/v1/me/mfa"),
        await call("GET", "/v1/me/sessions"),
      ],
      write: [
        await call("PATCH", "/v1/me", { nickname: "Mallory" }),
        await call("POST", "/v1/me/mfa/totp", {}),
        await call("POST", "/v1/me/mfa/webauthn/register/begin", {}),
        await call("POST", "/v1/me/email/change", { email: "mallory@evil.example" }),
        await call("DELETE", "/v1/me"),
      ],
    };
  }
  const all = (status: number, count: number) => Array.from({ length: count }, () => status);

  test("with `openid` alone, or whatever says who they are, it is nowhere in the account", async () => {
    for (const scope of ["openid", "openid profile email phone address roles groups offline_access"]) {
      const made = await tokenFor(scope);
      expect(await userinfoStatus(server, made.token)).toBe(200);
      expect(await atAccount(made), scope).toEqual({ read: all(403, 4), write: all(403, 5) });
      expect((await rest(server, "GET", `/v1/users/${made.person.id}`)).json).toMatchObject({
        status: "USER_STATUS_ACTIVE",
      });
    }
  });

  test("it reads, or changes, where the person was asked just that and agreed", async () => {
    const reading = await tokenFor("openid account.read");
    expect(reading.html).toContain("see everything that is kept about you here");
    expect(reading.html).not.toContain("change or close your account here");
    expect(await atAccount(reading)).toEqual({ read: all(200, 4), write: all(403, 5) });

    const changing = await tokenFor("openid account.write");
    expect(changing.html).toContain("change or close your account here, and add ways to sign in to it");
    const { read, write } = await atAccount(changing);
    expect(read).toEqual(all(403, 4));
    expect(write.filter((status) => status !== 200)).toEqual([]);
  });

  test("it makes no credential that would outlive what it is allowed, whatever it is allowed", async () => {
    const scope = "openid account.read account.write tokens.write api_keys.write users.read";
    const person = await createPerson(server);
    await rest(server, "POST", "/v1/roles/owner/assignments", { user_id: person.id });
    const way = await walk(server, await registerClient(server, { first_party: false, scope }), { scope });
    await way.signIn(person.username);
    await way.send({ action: "allow" });
    const token = String((await way.redeem())["access_token"]);
    expect((await rest(server, "GET", "/v1/users", undefined, token)).status).toBe(200);
    for (const [path, body] of [
      ["/v1/users/me/tokens", { scopes: ["users.read"] }],
      ["/v1/admin/api-keys", { permissions: ["users.read"] }],
    ] as const) {
      const { status, json } = await rest(server, "POST", path, body, token);
      expect([status, JSON.stringify(json)], path).toEqual([403, expect.stringContaining("of somebody else")]);
    }
  });

  test("an application of the house that becomes another's has less with its next token", async () => {
    const person = await createPerson(server);
    const own = await registerClient(server);
    const { accessToken, refreshToken } = await tokensFor(server, own, person.username);
    expect((await rest(server, "GET", "/v1/me", undefined, accessToken)).status).toBe(200);
    await rest(server, "PATCH", `/v1/clients/${own.clientId}`, { first_party: false });
    const next = await vi.waitFor(
      async () => {
        const { json } = await tokenRequest(server, own, { grant_type: "refresh_token", refresh_token: refreshToken });
        expect(claimsOf(json["access_token"])["first_party"]).toBe(false);
        return String(json["access_token"]);
      },
      { timeout: 8_000, interval: 500 },
    );
    expect((await rest(server, "GET", "/v1/me", undefined, next)).status).toBe(403);
  });
});
