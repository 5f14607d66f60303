import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { httpBrowser } from "../support/http-browser.ts";
import {
  authorizationRequest,
  clientRequest,
  createPerson,
  locationOf,
  refresh,
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
let machine: RelyingParty;
beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server);
  machine = await registerClient(server, { grant_types: ["client_credentials"], redirect_uris: [] });
});
afterAll(() => server?.stop());

const inactive = { active: false };
const introspect = async (asker: RelyingParty, token: string, more: Record<string, string> = {}) =>
  (await clientRequest(server, asker, "/oauth/v2/introspect", { token, ...more })).json;
const revoke = (owner: RelyingParty, token: string, more: Record<string, string> = {}) =>
  clientRequest(server, owner, "/oauth/v2/revoke", { token, ...more });
const ownToken = async (of: RelyingParty) => {
  const { json } = await tokenRequest(server, of, { grant_type: "client_credentials" });
  return String(json["access_token"]);
};

describe("introspection", () => {
  test("tells a client of its own tokens, and of no more than stands in them", async () => {
    const person = await createPerson(server);
    const { accessToken, refreshToken } = await tokensFor(server, client, person.username);
    const told = await introspect(client, accessToken, { token_type_hint: "refresh_token" });
    expect(told).toMatchObject({
      active: true,
      token_type: "Bearer",
      iss: server.url,
      aud: server.url,
      sub: person.id,
      client_id: client.clientId,
      scope: "openid profile email offline_access",
      acr: expect.any(String),
      sid: expect.any(String),
      jti: expect.any(String),
    });
    expect(Number(told["exp"]) - Number(told["iat"])).toBe(900);
    expect(Object.keys(told)).not.toEqual(expect.arrayContaining(["gid"]));
    expect(Object.keys(told)).not.toEqual(expect.arrayContaining(["epoch"]));
    expect(await introspect(client, refreshToken)).toMatchObject({
      active: true,
      sub: person.id,
      client_id: client.clientId,
      exp: expect.any(Number),
    });
  });

  test("A11: says nothing of another client's tokens, unless their audience lets the asker", async () => {
    const person = await createPerson(server);
    const { accessToken, refreshToken } = await tokensFor(server, client, person.username);
    for (const token of [accessToken, refreshToken]) expect(await introspect(machine, token)).toEqual(inactive);
    expect(await introspect(client, await ownToken(machine))).toEqual(inactive);
  });

  test("A12: what is no access token of this tenant is not active, whatever it says of itself", async () => {
    const person = await createPerson(server);
    const { accessToken, idToken, refreshToken } = await tokensFor(server, client, person.username);
    const [head = "", body = "", tail = ""] = accessToken.split(".");
    const claims = JSON.parse(Buffer.from(body, "base64url").toString("utf8")) as Record<string, unknown>;
    const altered = Buffer.from(JSON.stringify({ ...claims, client_id: machine.clientId })).toString("base64url");
    for (const token of [
      idToken,
      `${head}.${altered}.${tail}`,
      `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString("base64url")}.${body}.`,
      `${refreshToken.slice(0, -1)}${refreshToken.endsWith("A") ? "B" : "A"}`,
      "krt_",
      "..",
      "é".repeat(2_000),
    ]) {
      for (const asker of [client, machine]) expect([token, await introspect(asker, token)]).toEqual([token, inactive]);
    }
  });

  test("is for confidential clients that authenticate as they do for tokens", async () => {
    const publicClient = await registerClient(server, { token_endpoint_auth_method: "none" });
    const person = await createPerson(server);
    const { accessToken } = await tokensFor(server, publicClient, person.username);
    for (const asker of [publicClient, { ...client, clientSecret: "kcs_wrong" }, { ...client, clientSecret: "" }]) {
      const answer = await clientRequest(server, asker, "/oauth/v2/introspect", { token: accessToken });
      expect([answer.status, answer.json["error"]]).toEqual([401, "invalid_client"]);
      expect(answer.headers.get("www-authenticate")).toMatch(/^Basic /);
    }
    const answer = await clientRequest(server, client, "/oauth/v2/introspect", {});
    expect([answer.status, answer.json["error"]]).toEqual([400, "invalid_request"]);
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });
});

test.each(["token", "par", "introspect", "revoke", "device_authorization"])(
  "an Authorization header that authenticates no client is answered by a challenge: %s (RFC 6749 §5.2)",
  async (endpoint) => {
    const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
    for (const authorization of ["Bearer x", "Basic", basic("no-colon"), basic(`${client.clientId}:%zz`)]) {
      const answer = await fetch(`${server.url}/oauth/v2/${endpoint}`, {
        method: "POST",
        headers: { authorization },
        body: new URLSearchParams({ token: "x", client_id: client.clientId }),
      });
      expect([answer.status, await answer.json()], authorization).toEqual([
        401,
        { error: "invalid_client", error_description: expect.any(String) },
      ]);
      expect(answer.headers.get("www-authenticate")).toMatch(/^Basic /);
    }
  },
);

test("what is longer than anything of ours is answered as whatever else is not known", async () => {
  const long = "x".repeat(20_000);
  expect(await introspect(client, long)).toEqual(inactive);
  expect((await revoke(client, long)).status).toBe(200);
  const device = { grant_types: ["urn:ietf:params:oauth:grant-type:device_code"], redirect_uris: [] };
  for (const [asker, form] of [
    [client, { grant_type: "refresh_token", refresh_token: `krt_${long}` }],
    [client, { grant_type: "authorization_code", code: long, redirect_uri: client.redirectUri }],
    [await registerClient(server, device), { grant_type: device.grant_types[0] ?? "", device_code: long }],
  ] as const) {
    const { status, json } = await clientRequest(server, asker, "/oauth/v2/token", form);
    expect([form.grant_type, status, json["error"]]).toEqual([form.grant_type, 400, "invalid_grant"]);
  }
  const assertion = {
    client_assertion: long,
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
  };
  for (const [basic, form] of [
    [{ ...client, clientId: long }, {}],
    [{ ...client, clientSecret: long }, {}],
    [undefined, { client_id: client.clientId, client_secret: long }],
    [undefined, { client_id: long }],
    [undefined, assertion],
  ] as const) {
    const answer = await fetch(`${server.url}/oauth/v2/token`, {
      method: "POST",
      headers:
        basic === undefined
          ? {}
          : { authorization: `Basic ${Buffer.from(`${basic.clientId}:${basic.clientSecret}`).toString("base64")}` },
      body: new URLSearchParams({ grant_type: "client_credentials", ...form }),
    });
    expect([answer.status, await answer.json()]).toEqual([401, expect.objectContaining({ error: "invalid_client" })]);
  }
});

describe("A3: introspection and userinfo refuse at once", () => {
  const noMore = async (accessToken: string, refreshToken: string) => {
    expect(await introspect(client, accessToken)).toEqual(inactive);
    expect(await introspect(client, refreshToken)).toEqual(inactive);
    expect(await userinfoStatus(server, accessToken)).toBe(401);
    expect((await refresh(server, client, refreshToken)).json["error"]).toBe("invalid_grant");
  };

  test("after a person was disabled", async () => {
    const person = await createPerson(server);
    const { accessToken, refreshToken } = await tokensFor(server, client, person.username);
    expect(await introspect(client, accessToken)).toMatchObject({ active: true });
    await rest(server, "PATCH", `/v1/users/${person.id}`, { status: "USER_STATUS_DISABLED" });
    await noMore(accessToken, refreshToken);
  });

  test("after a password was set, and after the session ended", async () => {
    const person = await createPerson(server);
    const first = await tokensFor(server, client, person.username);
    await rest(server, "POST", `/v1/users/${person.id}/password`, { password: "another good pass phrase" });
    await noMore(first.accessToken, first.refreshToken);

    const other = await createPerson(server);
    const parameters = { scope: "openid" };
    const { accessToken } = await tokensFor(server, client, other.username, { parameters });
    const { json } = await rest(server, "GET", `/v1/users/${other.id}/sessions`);
    const [session] = json["sessions"] as { readonly id: string }[];
    await rest(server, "DELETE", `/v1/sessions/${session?.id ?? ""}`);
    expect(await introspect(client, accessToken)).toEqual(inactive);
    expect(await userinfoStatus(server, accessToken)).toBe(401);
  });

  test("after a refresh token was revoked, whichever of its generations, with the access tokens beside it", async () => {
    const person = await createPerson(server);
    const { accessToken, refreshToken } = await tokensFor(server, client, person.username);
    const { json } = await refresh(server, client, refreshToken);
    const answer = await revoke(client, refreshToken);
    expect([answer.status, answer.json]).toEqual([200, {}]);
    await noMore(accessToken, String(json["refresh_token"]));
    expect(await introspect(client, String(json["access_token"]))).toEqual(inactive);
    expect((await revoke(client, refreshToken)).status).toBe(200);
  });

  test("after an access token was revoked: a person's grant with it, a client's own token alone", async () => {
    const person = await createPerson(server);
    const { accessToken, refreshToken } = await tokensFor(server, client, person.username);
    expect((await revoke(client, accessToken, { token_type_hint: "refresh_token" })).status).toBe(200);
    await noMore(accessToken, refreshToken);

    const [one, other] = [await ownToken(machine), await ownToken(machine)];
    expect((await revoke(machine, one)).status).toBe(200);
    expect(await introspect(machine, one)).toEqual(inactive);
    expect(await introspect(machine, other)).toMatchObject({ active: true });
  });
});

test("userinfo takes no parameter twice (RFC 6749 §3.2), and repeats none in a challenge as it came", async () => {
  const { username } = await createPerson(server);
  const { accessToken } = await tokensFor(server, await registerClient(server), username);
  const post = (body: string) =>
    fetch(`${server.url}/oidc/v1/userinfo`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body,
    });
  const good = `access_token=${accessToken}`;
  expect((await post(good)).status).toBe(200);
  for (const twice of [
    `${good}&access_token=x`,
    `access_token=x&${good}`,
    `${good}&${good}`,
    `${good}&a%22=1&a%22=2`,
  ]) {
    const answer = await post(twice);
    expect([answer.status, await answer.json()], twice).toEqual([
      400,
      { error: "invalid_request", error_description: expect.stringMatching(/^(?:access_token|a\?) was sent twice$/) },
    ]);
    expect(answer.headers.get("www-authenticate")).toMatch(/error_description="(?:access_token|a\?) was sent twice"$/);
  }
});

describe("revocation", () => {
  test("answers 200 for what is unknown, and refuses another client's token, which stays good", async () => {
    for (const token of ["krt_unknown", "a.b.c", "x"]) expect((await revoke(client, token)).status).toBe(200);
    const person = await createPerson(server);
    const { accessToken, refreshToken } = await tokensFor(server, client, person.username);
    for (const token of [accessToken, refreshToken]) {
      const answer = await revoke(machine, token);
      expect([answer.status, answer.json["error"]]).toEqual([400, "invalid_grant"]);
      expect(await introspect(client, token)).toMatchObject({ active: true });
    }
    const missing = await revoke(client, "");
    expect([missing.status, missing.json["error"]]).toEqual([400, "invalid_request"]);
    const stranger = await revoke({ ...client, clientSecret: "kcs_wrong" }, refreshToken);
    expect([stranger.status, stranger.json["error"]]).toEqual([401, "invalid_client"]);
  });

  test("is for public clients too", async () => {
    const publicClient = await registerClient(server, { token_endpoint_auth_method: "none" });
    const person = await createPerson(server);
    const { accessToken, refreshToken } = await tokensFor(server, publicClient, person.username);
    expect((await revoke(publicClient, refreshToken)).status).toBe(200);
    expect(await userinfoStatus(server, accessToken)).toBe(401);
  });
});

describe("A11: resource servers", () => {
  const register = async (server_: Record<string, unknown>) => {
    const { status, json } = await rest(server, "POST", "/v1/resource-servers", server_);
    expect(status, JSON.stringify(json)).toBe(200);
    return String(json["identifier"]);
  };
  const claimsOf = (token: unknown) =>
    JSON.parse(Buffer.from(String(token).split(".")[1] ?? "", "base64url").toString("utf8")) as Record<string, unknown>;
  const ask = (of: RelyingParty, form: Record<string, string> | [string, string][]) =>
    clientRequest(server, of, "/oauth/v2/token", form);

  test("a token has one audience and its scopes alone, for clients that it lets, and asks are refused by name", async () => {
    const caller = await registerClient(server, {
      grant_types: ["client_credentials"],
      redirect_uris: [],
      scope: "orders.read orders.write own",
    });
    const orders = await register({
      identifier: "https://orders.example.com",
      scopes: [{ name: "orders.read" }, { name: "orders.write" }],
      allowed_client_ids: [caller.clientId],
      introspection_client_ids: [machine.clientId],
      access_token_lifetime: "120s",
      signing_alg: "ES256",
    });
    const news = await register({ identifier: "urn:news", scopes: [{ name: "news.read" }], all_clients_allowed: true });
    const grantType = { grant_type: "client_credentials" };

    const { json } = await ask(caller, { ...grantType, resource: orders, scope: "orders.read own" });
    expect(json).toMatchObject({ expires_in: 120, scope: "orders.read" });
    const claims = claimsOf(json["access_token"]);
    expect(claims).toMatchObject({ aud: orders, scope: "orders.read", sub: caller.clientId });
    expect(Number(claims["exp"]) - Number(claims["iat"])).toBe(120);
    const header = JSON.parse(
      Buffer.from(String(json["access_token"]).split(".")[0] ?? "", "base64url").toString("utf8"),
    ) as Record<string, unknown>;
    expect(header).toMatchObject({ alg: "ES256", typ: "at+jwt" });

    // Without the resource, which without a value is none (RFC 6749 §3.2), its scopes are nothing, and no other audience's token has them.
    for (const [resource, scope] of [
      ["", "own"],
      [news, ""],
    ] as const) {
      const other = await ask(caller, { ...grantType, resource });
      expect([resource, other.json["scope"]]).toEqual([resource, scope]);
    }

    for (const form of [
      { ...grantType, resource: "https://orders.example.com/" },
      { ...grantType, resource: "https://unknown.example.com" },
    ]) {
      const answer = await ask(caller, form);
      expect([form.resource, answer.status, answer.json["error"]]).toEqual([form.resource, 400, "invalid_target"]);
    }
    const two = await ask(caller, [
      ["grant_type", "client_credentials"],
      ["resource", orders],
      ["resource", news],
    ]);
    expect([two.status, two.json["error"]]).toEqual([400, "invalid_target"]);
    const stranger = await ask(machine, { ...grantType, resource: orders });
    expect([stranger.status, stranger.json["error"]]).toEqual([400, "invalid_target"]);

    // The audience's own client may look at it, and this server takes it for nothing of its own.
    const token = String(json["access_token"]);
    expect(await introspect(machine, token)).toMatchObject({ active: true, aud: orders });
    expect(await introspect(client, token)).toEqual(inactive);
    expect(await userinfoStatus(server, token)).toBe(401);
    expect((await rest(server, "GET", "/v1/users/me", undefined, token)).status).toBe(401);
  });

  test("a grant for the tenant itself gives no token for a resource server, and is not used up by the try", async () => {
    const resource = await register({ identifier: "urn:upgrade", all_clients_allowed: true });
    const person = await createPerson(server);
    const { refreshToken } = await tokensFor(server, client, person.username);
    const form = { grant_type: "refresh_token", refresh_token: refreshToken };
    const upgrade = await ask(client, { ...form, resource });
    expect([upgrade.status, upgrade.json["error"]]).toEqual([400, "invalid_target"]);
    const { status, json } = await ask(client, { ...form, resource: server.url });
    expect([status, claimsOf(json["access_token"])["aud"]]).toEqual([200, server.url]);
  });

  test("a grant holds what was asked for and allowed, and a token is for one of that or the first", async () => {
    const app = await registerClient(server, { scope: "openid email offline_access mail.read" });
    const mail = await register({
      identifier: "https://mail.example.com",
      scopes: [{ name: "mail.read" }],
      allowed_client_ids: [app.clientId],
    });
    const person = await createPerson(server);
    const parameters = { scope: "openid email offline_access mail.read", resource: mail };
    const { accessToken, idToken, refreshToken } = await tokensFor(server, app, person.username, { parameters });
    expect(claimsOf(accessToken)).toMatchObject({ aud: mail, scope: "mail.read", sub: person.id });
    expect(claimsOf(idToken)).toMatchObject({ aud: app.clientId, sub: person.id });
    expect(await userinfoStatus(server, accessToken)).toBe(401);

    // The person's claims are at the tenant, with a token for it; and nowhere is there more than was granted.
    const own = await ask(app, { grant_type: "refresh_token", refresh_token: refreshToken, resource: server.url });
    expect(own.json["scope"]).toBe("openid email offline_access");
    expect(await userinfoStatus(server, String(own.json["access_token"]))).toBe(200);
    const next = { grant_type: "refresh_token", refresh_token: String(own.json["refresh_token"]) };
    const wider = await ask(app, { ...next, resource: mail, scope: "mail.read mail.write" });
    expect([wider.status, wider.json["error"]]).toEqual([400, "invalid_scope"]);
    const again = await ask(app, { ...next, resource: mail, scope: "mail.read" });
    expect(again.json["scope"]).toBe("mail.read");
    // RFC 6749 §5.1: that nothing of what was asked for means anything there is said, not left out.
    const none = { ...next, refresh_token: String(again.json["refresh_token"]), resource: mail, scope: "openid" };
    expect((await ask(app, none)).json).toMatchObject({ scope: "", id_token: expect.any(String) });

    // Who names no resource, or may not, is granted nothing of it.
    const without = await tokensFor(server, app, person.username, { parameters: { scope: parameters.scope } });
    expect(claimsOf(without.accessToken)).toMatchObject({ aud: server.url, scope: "openid email offline_access" });
    const { url } = authorizationRequest(server, client, { resource: mail });
    const refused = locationOf(await httpBrowser().get(url), server.url);
    expect(refused.searchParams.get("error")).toBe("invalid_target");
  });
});
