import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createPerson,
  registerClient,
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
