import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createPerson,
  initialAccessToken,
  refresh,
  registration,
  rest,
  tokenRequest,
  tokensFor,
  userinfoStatus,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { testJwk } from "../../services/oauth/clients/testing/test-jwk.ts";

let server: RunningServer;
let token: string;
beforeAll(async () => {
  server = await startServer({ env: { KODER_ID_LOG_LEVEL: "trace" } });
  token = await initialAccessToken(server);
});
afterAll(() => server?.stop());

const redirectUri = "https://app.example.com/cb";
const web = { redirect_uris: [redirectUri] };
const register = (body: unknown, credential = token) => registration(server, "POST", { token: credential, body });
const setPolicy = async (policy: Record<string, unknown>) =>
  expect((await rest(server, "PATCH", "/v1/admin/policies/oauth", { registration: policy })).status).toBe(200);

/** Registers a client that must be registered; answers what it was told, and how it names itself. */
async function registered(body: Record<string, unknown> = web) {
  const { status, json } = await register(body);
  expect(status, JSON.stringify(json)).toBe(201);
  const own = { clientId: String(json["client_id"]), token: String(json["registration_access_token"]) };
  return { json, own, party: { ...own, clientSecret: String(json["client_secret"]), redirectUri } };
}

describe("A20: who may register", () => {
  test("nobody without a good initial access token", async () => {
    const { own } = await registered();
    for (const credential of ["", "kiat_", `${token}x`, server.adminApiKey, own.token, "a".repeat(5_000)]) {
      const { status, json, headers } = await register(web, credential);
      expect([status, json["error"]]).toEqual([401, "invalid_token"]);
      expect(headers.get("www-authenticate")).toMatch(/^Bearer .*error="invalid_token"/);
      expect(headers.get("cache-control")).toBe("no-store");
    }
  });

  test("a token for three gives three, however many ask at once", async () => {
    const limited = await initialAccessToken(server, { max_uses: 3 });
    // What is refused for its metadata uses nothing up.
    expect((await register({}, limited)).status).toBe(400);
    const answers = await Promise.all(Array.from({ length: 12 }, () => register(web, limited)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(9);
  });

  test("a deleted token is refused at once", async () => {
    const { json } = await rest(server, "POST", "/v1/initial-access-tokens", { display_name: "short" });
    expect((await register(web, String(json["token"]))).status).toBe(201);
    expect((await rest(server, "DELETE", `/v1/initial-access-tokens/${String(json["id"])}`)).status).toBe(200);
    expect((await register(web, String(json["token"]))).status).toBe(401);
    const listed = await rest(server, "GET", "/v1/initial-access-tokens");
    expect(JSON.stringify(listed.json)).not.toContain("kiat_");
  });

  test("an open tenant takes anybody, and fifty in a row", async () => {
    await setPolicy({ open: true });
    for (let i = 0; i < 50; i++) expect((await register(web, "")).status).toBe(201);
    await setPolicy({});
    expect((await register(web, "")).status).toBe(401);
  });
});

describe("A20: what a client may be, at first and after every change", () => {
  test("no scope, grant or number of redirect URIs beyond the policy", async () => {
    const { own } = await registered();
    const beyond = [
      [{ scope: "openid users.write" }, "invalid_client_metadata", "scope"],
      [{ grant_types: ["client_credentials"], redirect_uris: [] }, "invalid_client_metadata", "grant_types"],
      [{ grant_types: ["authorization_code", "client_credentials"] }, "invalid_client_metadata", "grant_types"],
      [{ grant_types: ["password"] }, "invalid_client_metadata", "grant_types"],
      [
        { redirect_uris: Array.from({ length: 11 }, (_, i) => `${redirectUri}/${i}`) },
        "invalid_redirect_uri",
        "redirect_uris",
      ],
    ] as const;
    for (const [change, error, named] of beyond) {
      const body = { ...web, ...change };
      for (const { status, json } of [
        await register(body),
        await registration(server, "PUT", { ...own, body: { client_id: own.clientId, ...body } }),
      ]) {
        expect([status, json["error"]], JSON.stringify(change)).toEqual([400, error]);
        expect(json["error_description"]).toContain(named);
      }
    }
  });

  test("a policy that became stricter holds at the next change", async () => {
    const { own } = await registered({ ...web, scope: "openid email" });
    await setPolicy({ allowed_scopes: ["openid"] });
    const update = (scope: string) =>
      registration(server, "PUT", { ...own, body: { client_id: own.clientId, ...web, scope } });
    expect((await update("openid email")).json).toMatchObject({ error: "invalid_client_metadata" });
    expect((await update("openid")).json).toMatchObject({ scope: "openid" });
    await setPolicy({});
  });

  test("what is the administrator's to say stays so", async () => {
    const claimed = {
      ...web,
      client_id: "dev.koder.chosen",
      first_party: true,
      require_pkce: false,
      refresh_without_offline_access: true,
      refresh_token_overlap: "60s",
      disabled: false,
      dynamically_registered: false,
      roles: ["owner"],
      "client_name#pt-BR": "Aplicativo",
      ["__proto__"]: { first_party: true },
    };
    const { own } = await registered(claimed);
    expect(own.clientId).not.toBe(claimed.client_id);
    const asAdministrator = () => rest(server, "GET", `/v1/clients/${own.clientId}`);
    const before = (await asAdministrator()).json;
    expect(before).toMatchObject({
      first_party: false,
      dynamically_registered: true,
      refresh_without_offline_access: false,
      refresh_token_overlap: "10s",
      client_name: "",
    });
    expect(before).not.toHaveProperty("require_pkce");
    const put = await registration(server, "PUT", { ...own, body: { ...claimed, client_id: own.clientId } });
    expect(put.status).toBe(200);
    const { etag: _, update_time: __, ...after } = (await asAdministrator()).json;
    expect(before).toMatchObject(after);
    // Nor does it lose what the administrator set.
    await rest(server, "PATCH", `/v1/clients/${own.clientId}`, { require_pkce: true, refresh_token_overlap: "0s" });
    await registration(server, "PUT", { ...own, body: { client_id: own.clientId, ...web } });
    expect((await asAdministrator()).json).toMatchObject({ require_pkce: true, refresh_token_overlap: "0s" });
  });
});

describe("A20: registrations belong to their clients", () => {
  test("another's token, an initial one and none open nothing, and all are refused alike", async () => {
    const [mine, others] = [await registered(), await registered()];
    const unknown = await registration(server, "GET", { clientId: "nobody", token: mine.own.token });
    for (const credential of ["", token, others.own.token, mine.party.clientSecret, server.adminApiKey]) {
      for (const method of ["GET", "PUT", "DELETE"]) {
        const body = method === "PUT" ? { client_id: mine.own.clientId, ...web } : undefined;
        const answer = await registration(server, method, { clientId: mine.own.clientId, token: credential, body });
        expect([answer.status, answer.json]).toEqual([401, unknown.json]);
      }
    }
    expect((await registration(server, "GET", mine.own)).status).toBe(200);
  });

  test("a client cannot take another's id, or its place, by a change", async () => {
    const [mine, others] = [await registered(), await registered()];
    for (const body of [
      { ...web, client_id: others.own.clientId },
      web,
      { ...web, client_id: mine.own.clientId, client_secret: "another" },
      { ...web, client_id: mine.own.clientId, registration_access_token: mine.own.token },
      { ...web, client_id: mine.own.clientId, client_secret_expires_at: 0 },
    ]) {
      const answer = await registration(server, "PUT", { ...mine.own, body });
      expect([answer.status, answer.json["error"]]).toEqual([400, "invalid_client_metadata"]);
    }
    // Null is as good as nothing, of what is the server's to say as well.
    const nothing = { client_secret: null, client_secret_expires_at: null };
    for (const said of [{ client_secret: mine.party.clientSecret }, nothing]) {
      const body = { ...web, client_id: mine.own.clientId, ...said };
      expect((await registration(server, "PUT", { ...mine.own, body })).status).toBe(200);
    }
  });

  test("A30, A3: a client that left is gone with its tokens, and its id is never given again", async () => {
    const { own, party } = await registered({ ...web, grant_types: ["authorization_code", "refresh_token"] });
    const { username } = await createPerson(server);
    await rest(server, "PATCH", `/v1/clients/${own.clientId}`, { first_party: true }); // nobody is asked for consent
    const { accessToken, refreshToken } = await tokensFor(server, party, username);
    const gone = await registration(server, "DELETE", own);
    expect([gone.status, gone.json]).toEqual([204, {}]);
    expect(await userinfoStatus(server, accessToken)).toBe(401);
    expect((await refresh(server, party, refreshToken)).status).toBe(401);
    expect((await registration(server, "GET", own)).status).toBe(401);
    expect((await registration(server, "DELETE", own)).status).toBe(401);
    const again = await rest(server, "POST", "/v1/clients", { client_id: own.clientId, ...web });
    expect(again.status).toBe(409);
  });

  test("a client that the administrator disabled manages nothing", async () => {
    const { own } = await registered();
    const disable = (disabled: boolean) => rest(server, "PATCH", `/v1/clients/${own.clientId}`, { disabled });
    await disable(true);
    expect((await registration(server, "GET", own)).status).toBe(401);
    await disable(false);
    expect((await registration(server, "GET", own)).status).toBe(200);
  });
});

describe("metadata are what the standards say", () => {
  test("the answer has every default, a secret only with its expiry, and where to manage it by what", async () => {
    const { json, own, party } = await registered();
    expect(json).toMatchObject({
      client_id_issued_at: expect.any(Number),
      client_secret: expect.stringMatching(/^kcs_/),
      client_secret_expires_at: 0,
      registration_client_uri: `${server.url}/oauth/v2/register/${own.clientId}`,
      registration_access_token: expect.stringMatching(/^krat_/),
      redirect_uris: [redirectUri],
      grant_types: ["authorization_code"],
      response_types: ["code"],
      token_endpoint_auth_method: "client_secret_basic",
      application_type: "web",
      scope: "openid profile email phone address offline_access",
      subject_type: "public",
      id_token_signed_response_alg: "RS256",
      require_auth_time: false,
    });
    const read = await registration(server, "GET", own);
    const { client_secret: _, client_secret_expires_at: __, ...told } = json;
    expect(read.json).toEqual(told);
    // 400: the client is known, and the code is none.
    const form = { grant_type: "authorization_code", code: "x", redirect_uri: redirectUri };
    expect((await tokenRequest(server, party, form)).status).toBe(400);
    const open = await registered({ ...web, token_endpoint_auth_method: "none" });
    expect(open.json).not.toHaveProperty("client_secret");
    expect(open.json).not.toHaveProperty("client_secret_expires_at");
  });

  test("of a key, what nobody here knows is passed over (RFC 7517 §4), by administrators too, and what is private refused", async () => {
    const { kty, n, e } = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" });
    const key = { kty, n, e, kid: "1", use: "sig" };
    const unknown = { x5c: ["MIIB"], x5t: "a", "x5t#S256": "b", iat: 1_700_000_000, pub: "AAAA" };
    const sent = (more: object) => ({ ...web, jwks: { keys: [{ ...key, ...more }] } });
    const ways = [registered, (client: object) => rest(server, "POST", "/v1/clients", client)];
    for (const way of ways) {
      const { json } = await way(sent(unknown));
      expect(json).toMatchObject({ jwks: { keys: [key] } });
      for (const name of Object.keys(unknown)) expect(JSON.stringify(json["jwks"])).not.toContain(`"${name}"`);
    }
    for (const name of ["d", "k", "priv"]) {
      const refused = await rest(server, "POST", "/v1/clients", sent({ [name]: "AAAA" }));
      expect(refused.json).toMatchObject({ error: { violations: [{ field: `client.jwks.keys[0].${name}` }] } });
      expect((await register(sent({ [name]: "AAAA" }))).status).toBe(400);
    }
  });

  test("keys by value, an initiate_login_uri and the like are kept and told", async () => {
    const { kty, n, e } = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" });
    const said = {
      redirect_uris: ["https://localhost.example:8443/cb?x=1"],
      // Those for encryption and of a kind that we do not know are passed over (RFC 7517 §5).
      jwks: {
        keys: [
          { kty, n, e, alg: "RS256", use: "sig" },
          { kty, n, e, alg: "RSA-OAEP", use: "enc" },
          { kty: "AKP", alg: "ML-DSA-44" },
        ],
      },
      initiate_login_uri: "https://app.example.com/begin",
      contacts: ["team@example.com"],
      default_max_age: 3_600,
      post_logout_redirect_uris: ["https://app.example.com/out"],
      logo_uri: "https://app.example.com/logo.png",
    };
    const { json, own } = await registered(said);
    expect(json).toMatchObject(said);
    expect((await registration(server, "GET", own)).json).toMatchObject(said);
  });

  test("each algorithm and method that discovery lists may be registered", async () => {
    const jwks = {
      keys: [testJwk("rsa", { modulusLength: 2048 }), testJwk("ec", { namedCurve: "P-256" }), testJwk("ed25519")],
    };
    const discovery = await (await fetch(`${server.url}/.well-known/openid-configuration`)).json();
    for (const [member, listed, more] of [
      ["token_endpoint_auth_method", "token_endpoint_auth_methods_supported", { jwks }],
      [
        "token_endpoint_auth_signing_alg",
        "token_endpoint_auth_signing_alg_values_supported",
        { jwks, token_endpoint_auth_method: "private_key_jwt" },
      ],
      ["id_token_signed_response_alg", "id_token_signing_alg_values_supported", {}],
      ["userinfo_signed_response_alg", "userinfo_signing_alg_values_supported", {}],
    ] as const) {
      const values = (discovery as Record<string, readonly string[]>)[listed] ?? [];
      expect(values).not.toEqual([]);
      for (const value of values) {
        expect((await registered({ ...web, ...more, [member]: value })).json).toMatchObject({ [member]: value });
      }
    }
  });

  test.each([
    [{}, "invalid_redirect_uri", "redirect_uris"],
    [{ redirect_uris: [`${redirectUri}#x`] }, "invalid_redirect_uri", "redirect_uris[0]"],
    [{ redirect_uris: ["javascript:alert(1)"] }, "invalid_redirect_uri", "redirect_uris[0]"],
    [{ redirect_uris: redirectUri }, "invalid_redirect_uri", "redirect_uris"],
    [{ ...web, initiate_login_uri: "http://app.example.com/begin" }, "invalid_client_metadata", "initiate_login_uri"],
    [{ ...web, logo_uri: "javascript:alert(1)" }, "invalid_client_metadata", "logo_uri"],
    [{ ...web, client_name: "a".repeat(201) }, "invalid_client_metadata", "client_name"],
    [{ ...web, client_name: ["a"] }, "invalid_client_metadata", "client_name"],
    [{ ...web, client_name: "Orders \u202eetis s'knab ruoy" }, "invalid_client_metadata", "client_name"],
    [{ ...web, client_name: "Orders\n\nand more" }, "invalid_client_metadata", "client_name"],
    [{ ...web, jwks: { keys: [{ kty: "oct", k: "AAAA" }] } }, "invalid_client_metadata", "jwks"],
    [{ ...web, jwks: { keys: [{ kty: "RSA", n: "AAAA", e: "AQAB", d: "AAAA" }] } }, "invalid_client_metadata", "jwks"],
    [{ ...web, jwks: [] }, "invalid_client_metadata", "jwks"],
    [
      { ...web, token_endpoint_auth_method: "private_key_jwt", jwks: { keys: [{ kty: "AKP", alg: "ML-DSA-44" }] } },
      "invalid_client_metadata",
      "jwks must hold a public key for signatures",
    ],
    [{ ...web, id_token_signed_response_alg: "none" }, "invalid_client_metadata", "id_token_signed_response_alg"],
    [{ ...web, response_types: ["id_token"] }, "invalid_client_metadata", "response_types"],
    [{ ...web, software_statement: "eyJhbGciOiJub25lIn0.e30." }, "unapproved_software_statement", "software_statement"],
  ])("%j: %s, and it says what", async (body, error, named) => {
    const { status, json } = await register(body);
    expect([status, json["error"]]).toEqual([400, error]);
    expect(json["error_description"]).toContain(named);
    expect(json["error_description"]).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/);
  });

  test("what is no JSON, no object, or too much is refused in the standard's form", async () => {
    const send = async (contentType: string, body: string | Uint8Array<ArrayBuffer>) => {
      const headers = { authorization: `Bearer ${token}`, "content-type": contentType };
      const response = await fetch(`${server.url}/oauth/v2/register`, { method: "POST", headers, body });
      return [response.status, ((await response.json()) as { error: string }).error];
    };
    expect(await send("application/json", "{")).toEqual([400, "invalid_client_metadata"]);
    expect(await send("application/json", "[]")).toEqual([400, "invalid_client_metadata"]);
    expect(await send("application/json", "null")).toEqual([400, "invalid_client_metadata"]);
    expect(await send("application/json", new Uint8Array([0xff]))).toEqual([400, "invalid_request"]);
    expect(await send("application/json", `{"x":"${"a".repeat(70_000)}"}`)).toEqual([413, "invalid_request"]);
    expect(await send("application/x-www-form-urlencoded", "a=b")).toEqual([415, "invalid_request"]);
  });
});

test("any origin may register, without cookies", async () => {
  for (const [path, methods] of [
    ["/oauth/v2/register", "POST"],
    ["/oauth/v2/register/x", "GET, PUT, DELETE"],
  ]) {
    const headers = { origin: "https://app.example.com", "access-control-request-method": "POST" };
    const response = await fetch(`${server.url}${path}`, { method: "OPTIONS", headers });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-allow-methods")).toBe(methods);
    expect(response.headers.get("access-control-allow-credentials")).toBeNull();
  }
});

test("A21: neither tokens nor secrets are in the log", async () => {
  const { json, own, party } = await registered();
  await registration(server, "GET", own);
  const logs = server.logs().join("\n");
  expect(json["client_secret"]).toBe(party.clientSecret);
  for (const secret of [token, own.token, party.clientSecret]) {
    expect(secret.length).toBeGreaterThan(40);
    expect(logs).not.toContain(secret.slice(5));
  }
});
