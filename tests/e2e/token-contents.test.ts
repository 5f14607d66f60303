import { hash } from "node:crypto";
import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import {
  authorizationRequest,
  clientRequest,
  createPerson,
  locationOf,
  password,
  refresh,
  registerClient,
  rest,
  tokensFor,
  type RelyingParty,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

const userinfo = async (accessToken: string) => {
  const answer = await fetch(`${server.url}/oidc/v1/userinfo`, { headers: { authorization: `Bearer ${accessToken}` } });
  return (await answer.json()) as Record<string, unknown>;
};
const introspect = async (asker: RelyingParty, token: string) =>
  (await clientRequest(server, asker, "/oauth/v2/introspect", { token })).json;

test.each(["RS256", "PS256", "ES256", "EdDSA"])("id tokens and userinfo are signed as registered: %s", async (alg) => {
  const client = await registerClient(server, {
    id_token_signed_response_alg: alg,
    userinfo_signed_response_alg: alg,
  });
  const person = await createPerson(server);
  // The key is in the key set before the first sign-in; the gateway may remember the set before for five seconds.
  const address = new URL(`${server.url}/oauth/v2/keys`);
  const published = async () => ((await (await fetch(address)).json()) as { keys: { alg: string }[] }).keys;
  await vi.waitFor(async () => expect((await published()).map((key) => key.alg)).toContain(alg), {
    timeout: 15_000,
    interval: 200,
  });
  const keys = createRemoteJWKSet(address);
  await keys.reload();
  const { idToken, accessToken } = await tokensFor(server, client, person.username);
  const { payload, protectedHeader } = await jwtVerify(idToken, keys, {
    algorithms: [alg],
    issuer: server.url,
    audience: client.clientId,
    typ: "JWT",
  });
  const digest = hash(alg === "EdDSA" ? "sha512" : "sha256", accessToken, "buffer");
  expect(payload["at_hash"]).toBe(digest.subarray(0, digest.length / 2).toString("base64url"));
  expect(payload).toMatchObject({
    sub: person.id,
    nonce: "a-nonce",
    sid: expect.any(String),
    acr: expect.any(String),
  });
  const claims = "iss sub aud exp iat at_hash sid acr amr nonce".split(" ");
  expect(Object.keys(payload).toSorted()).toEqual(claims.toSorted());
  expect(protectedHeader.kid).toEqual(expect.any(String));
  await jwtVerify(accessToken, keys, {
    algorithms: ["RS256"],
    issuer: server.url,
    audience: server.url,
    typ: "at+jwt",
  });
  // Whatever is accepted: a client that registered an algorithm gets a JWT.
  const headers = { authorization: `Bearer ${accessToken}`, accept: "application/json" };
  const answer = await fetch(`${server.url}/oidc/v1/userinfo`, { headers });
  expect(answer.headers.get("content-type")).toBe("application/jwt");
  const signed = await jwtVerify(await answer.text(), keys, {
    algorithms: [alg],
    issuer: server.url,
    audience: client.clientId,
    typ: "userinfo+jwt",
  });
  expect(signed.payload).toMatchObject({ sub: person.id, email: `${person.username}@koder.dev`, name: "A Person" });
  expect(signed.payload["nonce"]).toBeUndefined();
});

test("a pairwise client knows a person by a name of its own, everywhere", async () => {
  const pairwise = { subject_type: "pairwise" };
  const [one, same, other] = [
    await registerClient(server, pairwise),
    await registerClient(server, pairwise),
    await registerClient(server, { ...pairwise, redirect_uris: ["https://other.example.com/cb"] }),
  ];
  const person = await createPerson(server);
  const subjects: unknown[] = [];
  for (const client of [one, same, { ...other, redirectUri: "https://other.example.com/cb" }]) {
    const { accessToken, idToken, refreshToken } = await tokensFor(server, client, person.username);
    const { sub } = await userinfo(accessToken);
    const seen = [
      decodeJwt(idToken).sub,
      decodeJwt(accessToken).sub,
      (await introspect(client, accessToken))["sub"],
      (await introspect(client, refreshToken))["sub"],
    ];
    const { json } = await refresh(server, client, refreshToken);
    seen.push(decodeJwt(String(json["id_token"])).sub);
    expect(new Set(seen)).toEqual(new Set([sub]));
    expect(`${accessToken}${idToken}`).not.toContain(person.id);
    // Our own API knows who it is all the same.
    expect((await rest(server, "GET", "/v1/users/me", undefined, accessToken)).json["id"]).toBe(person.id);
    subjects.push(sub);
  }
  expect(subjects[0]).toBe(subjects[1]);
  expect(new Set([...subjects, person.id]).size).toBe(3);
});

test("and their session likewise, so that two that compare notes do not find one browser at both", async () => {
  const pairwise = { subject_type: "pairwise" };
  const redirectUri = "https://other.example.com/cb";
  const [one, same, plain] = [
    await registerClient(server, pairwise),
    await registerClient(server, pairwise),
    await registerClient(server),
  ];
  const other = { ...(await registerClient(server, { ...pairwise, redirect_uris: [redirectUri] })), redirectUri };
  const person = await createPerson(server);
  const { browser, idToken: first } = await tokensFor(server, plain, person.username);
  const sids = [decodeJwt(first)["sid"]];
  for (const client of [one, same, other]) {
    const { accessToken, idToken, refreshToken } = await tokensFor(server, client, person.username, { browser });
    const { json } = await refresh(server, client, refreshToken);
    const seen = [
      decodeJwt(idToken)["sid"],
      decodeJwt(accessToken)["sid"],
      (await introspect(client, accessToken))["sid"],
      decodeJwt(String(json["id_token"]))["sid"],
      (await introspect(client, String(json["refresh_token"])))["sid"],
    ];
    expect(new Set(seen).size).toBe(1);
    sids.push(seen[0]);
    // Our own API knows which session it is all the same.
    const { status, json: own } = await rest(server, "POST", "/v1/me/sessions/revoke-others", {}, accessToken);
    expect([status, own]).toEqual([200, { ended: 0 }]);
  }
  expect(sids[1]).toBe(sids[2]);
  expect(new Set(sids).size).toBe(3);
});

test("OpenID Connect Core §12.2: a refresh never gives an id token of another subject than the first", async () => {
  const client = await registerClient(server);
  const person = await createPerson(server);
  const { refreshToken } = await tokensFor(server, client, person.username);
  const setSubject = async (subjectType: string) => {
    const path = `/v1/clients/${client.clientId}`;
    expect((await rest(server, "PATCH", path, { subject_type: subjectType })).status).toBe(200);
  };
  const isActive = async () => (await introspect(client, refreshToken))["active"];
  expect(await isActive()).toBe(true);
  await setSubject("pairwise");
  expect(await isActive()).toBe(false);
  const refused = await refresh(server, client, refreshToken);
  expect([refused.status, refused.json]).toEqual([
    400,
    { error: "invalid_grant", error_description: expect.stringContaining("subject_type") },
  ]);
  const anew = await tokensFor(server, client, person.username);
  const { json } = await refresh(server, client, anew.refreshToken);
  expect(decodeJwt(String(json["id_token"])).sub).toBe(decodeJwt(anew.idToken).sub);
  await setSubject("public");
  expect(await isActive()).toBe(true);
  const back = await refresh(server, client, refreshToken);
  expect(decodeJwt(String(back.json["id_token"])).sub).toBe(person.id);
});

test("userinfo tells every standard claim that the scopes ask for, and what the client's mappers add", async () => {
  const username = "every.claim";
  const claims = {
    name: "Ana M Silva",
    given_name: "Ana",
    family_name: "Silva",
    middle_name: "M",
    nickname: "An",
    profile: "https://a.example/p",
    picture: "https://a.example/i",
    website: "https://a.example/",
    gender: "f",
    birthdate: "1990-02-03",
    zoneinfo: "Europe/Paris",
    locale: "pt-BR",
    phone_number: "+5511999990000",
    address: { street_address: "Rua 1", locality: "Recife" },
  };
  const made = await rest(server, "POST", "/v1/users", { username, email: "e@koder.dev", password, ...claims });
  expect(made.status, JSON.stringify(made.json)).toBe(200);
  const client = await registerClient(server, {
    claim_mappers: [
      { claim: "plan", constant_json: '"gold"', in_userinfo: true, in_id_token: true },
      { claim: "nick", user_attribute: "nickname", scope: "phone", in_access_token: true },
      { claim: "city", user_attribute: "address", scope: "not-granted", in_userinfo: true },
    ],
  });
  const { accessToken, idToken } = await tokensFor(server, client, username, {
    parameters: { scope: "openid profile email phone address" },
  });
  const { sub, updated_at: updatedAt, ...told } = await userinfo(accessToken);
  expect(told).toEqual({
    ...claims,
    preferred_username: username,
    email: "e@koder.dev",
    email_verified: false,
    phone_number_verified: false,
    plan: "gold",
  });
  expect([sub, Number.isInteger(updatedAt)]).toEqual([made.json["id"], true]);
  expect(decodeJwt(idToken)).toMatchObject({ plan: "gold", sub });
  expect(decodeJwt(idToken)).not.toHaveProperty("name");
  expect(decodeJwt(accessToken)).toMatchObject({ nick: "An", sub });
  expect(decodeJwt(accessToken)).not.toHaveProperty("plan");
});

test("a service account's token says its roles where that scope was granted, and what its audience wants to know", async () => {
  const account = await registerClient(server, {
    grant_types: ["client_credentials"],
    redirect_uris: [],
    scope: "roles orders.read",
    claim_mappers: [
      { claim: "perms", user_attribute: "roles", in_access_token: true },
      { claim: "nick", user_attribute: "nickname", in_access_token: true },
      { claim: "teams", user_attribute: "groups", in_access_token: true },
    ],
  });
  for (const name of ["reports", "billing"]) {
    const role = await rest(server, "POST", "/v1/roles", { name });
    const path = `/v1/roles/${String(role.json["id"])}/assignments`;
    expect((await rest(server, "POST", path, { client_id: account.clientId })).status).toBe(200);
  }
  const mapper = { claim: "region", constant_json: '"south"', scope: "orders.read", in_access_token: true };
  const identifier = "https://orders.example.com";
  const scopes = [{ name: "orders.read" }];
  const { status } = await rest(server, "POST", "/v1/resource-servers", {
    identifier,
    scopes,
    all_clients_allowed: true,
    claim_mappers: [mapper],
  });
  expect(status).toBe(200);
  const token = async (form: Record<string, string>) => {
    const { json } = await clientRequest(server, account, "/oauth/v2/token", {
      grant_type: "client_credentials",
      ...form,
    });
    return decodeJwt(String(json["access_token"]));
  };
  expect(await token({ resource: identifier })).toMatchObject({
    aud: identifier,
    scope: "roles orders.read",
    roles: ["billing", "reports"],
    region: "south",
  });
  const narrowed = await token({ resource: identifier, scope: "orders.read" });
  expect(narrowed).not.toHaveProperty("roles");
  // By a mapper, whatever the scopes; it has neither groups nor what people have.
  expect(narrowed).toMatchObject({ perms: ["billing", "reports"] });
  expect(Object.keys(narrowed)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(?:nick|teams)$/)]));
  expect(await token({})).not.toHaveProperty("region");
});

test("a person's roles and groups are told where their scopes were granted, and by mappers", async () => {
  const { id, username } = await createPerson(server);
  const scope = "openid roles groups";
  const mapper = { claim: "teams", user_attribute: "groups", in_access_token: true };
  const client = await registerClient(server, { scope, claim_mappers: [mapper] });
  const other = await registerClient(server, { scope });
  const made = async (path: string, body: object) => String((await rest(server, "POST", path, body)).json["id"]);
  const [inner, outer] = [await made("/v1/groups", { name: "inner" }), await made("/v1/groups", { name: "outer" })];
  await rest(server, "POST", `/v1/groups/${outer}/members`, { member_group_id: inner });
  await rest(server, "POST", `/v1/groups/${inner}/members`, { user_id: id });
  const own = await made("/v1/roles", { name: "editor", client_id: client.clientId });
  await rest(server, "POST", `/v1/roles/${own}/assignments`, { user_id: id });
  await rest(server, "POST", "/v1/roles/support/assignments", { group_id: outer });

  const claims = { roles: ["editor", "support"], groups: ["inner", "outer"] };
  const { accessToken, idToken } = await tokensFor(server, client, username, { parameters: { scope } });
  expect(decodeJwt(idToken)).toMatchObject(claims);
  expect(decodeJwt(accessToken)).toMatchObject({ ...claims, teams: claims.groups });
  expect(await userinfo(accessToken)).toMatchObject({ ...claims, sub: id });

  const elsewhere = await tokensFor(server, other, username, { parameters: { scope: "openid roles" } });
  expect(decodeJwt(elsewhere.accessToken)).toMatchObject({ roles: ["support"] });
  expect(decodeJwt(elsewhere.accessToken)).not.toHaveProperty("groups");
  const without = await tokensFor(server, client, username, { parameters: { scope: "openid" } });
  for (const token of [without.accessToken, without.idToken]) {
    expect(decodeJwt(token)).not.toHaveProperty("roles");
    expect(decodeJwt(token)).not.toHaveProperty("groups");
  }
  // Asked for by name they are where they were asked for, and the access token gets nothing by it.
  const named = { scope: "openid", claims: JSON.stringify({ userinfo: { groups: null }, id_token: { roles: null } }) };
  const asked = await tokensFor(server, client, username, { parameters: named });
  expect(decodeJwt(asked.idToken)).toMatchObject({ roles: claims.roles });
  expect(decodeJwt(asked.idToken)).not.toHaveProperty("groups");
  expect(await userinfo(asked.accessToken)).toEqual({ sub: id, groups: claims.groups });
  expect(decodeJwt(asked.accessToken)).not.toHaveProperty("roles");
  const unregistered = await registerClient(server, { scope: "openid" });
  const refused = await tokensFor(server, unregistered, username, { parameters: named });
  expect(decodeJwt(refused.idToken)).not.toHaveProperty("roles");
  expect(await userinfo(refused.accessToken)).toEqual({ sub: id });
});

test("an access token says that it ends with its grant, where that is sooner", async () => {
  const [short, usual] = [
    await registerClient(server, { refresh_token_absolute_lifetime: "60s", refresh_token_idle_lifetime: "60s" }),
    await registerClient(server),
  ];
  const { username } = await createPerson(server);
  const lifetimeOf = (json: Record<string, unknown>) => {
    const { exp = 0, iat = 0 } = decodeJwt(String(json["access_token"]));
    expect(json["expires_in"]).toBe(exp - iat);
    return exp - iat;
  };
  const given = await tokensFor(server, short, username);
  const { exp = 0, iat = 0 } = decodeJwt(given.accessToken);
  expect(exp - iat).toBe(60);
  const later = lifetimeOf((await refresh(server, short, given.refreshToken)).json);
  expect(later).toBeGreaterThan(30);
  expect(later).toBeLessThanOrEqual(60);
  const other = await tokensFor(server, usual, username);
  expect(lifetimeOf((await refresh(server, usual, other.refreshToken)).json)).toBe(900);
  const without = await tokensFor(server, usual, username, { parameters: { scope: "openid" } });
  const claims = decodeJwt(without.accessToken);
  expect(Number(claims.exp) - Number(claims.iat)).toBe(900);
});

test("a long token is taken wherever a token is, and one that is too long for that is not issued", async () => {
  const mapped = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      claim: `long_${index}`,
      constant_json: JSON.stringify("x".repeat(990)),
      in_access_token: true,
      in_id_token: true,
    }));
  const metadata = { claim_mappers: mapped(11), post_logout_redirect_uris: ["https://app.example.com/out"] };
  const client = await registerClient(server, metadata);
  const person = await createPerson(server);
  const { accessToken, idToken, refreshToken, browser } = await tokensFor(server, client, person.username);
  expect(accessToken.length).toBeGreaterThan(15_000);
  expect(accessToken.length).toBeLessThanOrEqual(16_384);
  expect(await userinfo(accessToken)).toMatchObject({ sub: person.id });
  const form = { method: "POST", body: new URLSearchParams({ access_token: accessToken }) };
  expect((await fetch(`${server.url}/oidc/v1/userinfo`, form)).status).toBe(200);
  expect(await introspect(client, accessToken)).toMatchObject({ active: true });
  expect((await rest(server, "GET", "/v1/users/me", undefined, accessToken)).json["id"]).toBe(person.id);
  const { url } = authorizationRequest(server, client, { id_token_hint: idToken, prompt: "none" });
  expect(locationOf(await browser.get(url), server.url).searchParams.has("code")).toBe(true);
  const logout = { id_token_hint: idToken, post_logout_redirect_uri: "https://app.example.com/out" };
  const sent = await browser.post(`${server.url}/oidc/v1/end_session`, logout);
  const ended = await browser.get(locationOf(sent, server.url).href);
  expect([ended.status, ended.headers.get("location") ?? (await ended.text())]).toEqual([
    expect.any(Number),
    expect.stringContaining("https://app.example.com/out"),
  ]);

  expect((await rest(server, "PATCH", `/v1/clients/${client.clientId}`, { claim_mappers: mapped(12) })).status).toBe(
    200,
  );
  const refused = await refresh(server, client, refreshToken);
  expect([refused.status, refused.json]).toEqual([
    400,
    { error: "invalid_scope", error_description: expect.stringContaining("longer than 16384 characters") },
  ]);
});

test("mappers that take a claim of a standard are refused", async () => {
  for (const claim of ["sub", "scope", "email_verified", "tenant_id"]) {
    const { status, json } = await rest(server, "POST", "/v1/clients", {
      redirect_uris: ["https://app.example.com/cb"],
      claim_mappers: [{ claim, constant_json: "true", in_id_token: true }],
    });
    expect([claim, status, JSON.stringify(json)]).toEqual([claim, 400, expect.stringContaining("claim_mappers[0]")]);
  }
});

test("claims asks by name: userinfo tells of them without their scope, and the id token holds them and no others", async () => {
  const client = await registerClient(server);
  const person = await createPerson(server);
  const claims = JSON.stringify({
    userinfo: { name: { essential: true }, nobody_knows: { essential: true } },
    id_token: { email: null, auth_time: { essential: true } },
  });
  const parameters = { scope: "openid", claims };
  const { accessToken, idToken } = await tokensFor(server, client, person.username, { parameters });
  expect(await userinfo(accessToken)).toEqual({ sub: person.id, name: "A Person" });
  const told = decodeJwt(idToken);
  expect(told).toMatchObject({ email: `${person.username}@koder.dev`, auth_time: expect.any(Number) });
  expect(told).not.toHaveProperty("name");
});

test("discovery and keys, under each of their names: HEAD says what GET does, and who has them gets 304", async () => {
  for (const path of [
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/oauth/v2/keys",
    "/.well-known/jwks.json",
  ]) {
    const got = await fetch(`${server.url}${path}`);
    const etag = got.headers.get("etag") ?? "";
    expect([path, got.status, got.headers.get("cache-control")]).toEqual([
      path,
      200,
      expect.stringMatching(/max-age=\d/),
    ]);
    const body = await got.text();
    const head = await fetch(`${server.url}${path}`, { method: "HEAD" });
    expect([
      path,
      head.status,
      head.headers.get("etag"),
      head.headers.get("content-length"),
      await head.text(),
    ]).toEqual([path, 200, etag, String(Buffer.byteLength(body)), ""]);
    const known = await fetch(`${server.url}${path}`, { headers: { "if-none-match": `"other", W/${etag}` } });
    expect([path, known.status, known.headers.get("etag"), await known.text()]).toEqual([path, 304, etag, ""]);
  }
});

test("discovery lists what these tests have seen to work", async () => {
  const answer = await fetch(`${server.url}/.well-known/openid-configuration`);
  expect(await answer.json()).toMatchObject({
    introspection_endpoint: `${server.url}/oauth/v2/introspect`,
    introspection_endpoint_auth_methods_supported: expect.not.arrayContaining(["none"]),
    revocation_endpoint: `${server.url}/oauth/v2/revoke`,
    id_token_signing_alg_values_supported: ["RS256", "PS256", "ES256", "EdDSA"],
    subject_types_supported: ["public", "pairwise"],
    claims_parameter_supported: true,
  });
});

test("a tenant's default audience is meant by those who name none, and userinfo goes on answering them", async () => {
  const identifier = "https://default.example.com";
  const scopes = [{ name: "everything.read" }];
  const made = await rest(server, "POST", "/v1/resource-servers", { identifier, scopes, all_clients_allowed: true });
  const place = `/v1/resource-servers/${String(made.json["id"])}`;
  const setDefault = async (audience: string) => {
    const { status, json } = await rest(server, "PATCH", "/v1/admin/policies/oauth", { default_audience: audience });
    expect(status, JSON.stringify(json)).toBe(200);
  };
  await setDefault(identifier);
  const client = await registerClient(server, { scope: "openid email everything.read" });
  const person = await createPerson(server);
  const parameters = { scope: "openid email everything.read" };
  const { accessToken } = await tokensFor(server, client, person.username, { parameters });
  expect(decodeJwt(accessToken)).toMatchObject({ aud: identifier, scope: "openid email everything.read" });
  expect(await userinfo(accessToken)).toMatchObject({ sub: person.id, email: expect.any(String) });
  // Our own API is not what it is for.
  expect((await rest(server, "GET", "/v1/users/me", undefined, accessToken)).status).toBe(401);
  expect((await rest(server, "DELETE", place)).json).toMatchObject({ error: { reason: "RESOURCE_SERVER_IN_POLICY" } });
  await setDefault("");
  const later = await tokensFor(server, client, person.username, { parameters });
  expect(decodeJwt(later.accessToken)).toMatchObject({ aud: server.url, scope: "openid email" });
  expect((await rest(server, "DELETE", place)).status).toBe(200);
});
