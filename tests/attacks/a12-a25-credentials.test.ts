import { constants, createHmac, generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:http2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
import { sendRaw } from "./raw-request.ts";

let server: RunningServer;
let client: RelyingParty;
let accessToken: string;
let idToken: string;
beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server);
  const person = await createPerson(server);
  ({ accessToken, idToken } = await tokensFor(server, client, person.username));
});
afterAll(() => server?.stop());

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const decode = (part: string | undefined) =>
  JSON.parse(Buffer.from(part ?? "", "base64url").toString("utf8")) as Record<string, unknown>;

describe("A12: a token is what our key record says, never what it says itself", () => {
  test("none, HS/RS confusion, key injection, wrong typ, altered claims", async () => {
    const [head, body, tail] = accessToken.split(".");
    const [header, claims] = [decode(head), decode(body)];
    const keys = (await (await fetch(`${server.url}/oauth/v2/keys`)).json()) as { keys: { kid: string; n: string }[] };
    const jwk = keys.keys.find(({ kid }) => kid === header["kid"]);
    const own = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const signed = (forged: Record<string, unknown>, payload: Record<string, unknown> = claims) => {
      const input = `${encode(forged)}.${encode(payload)}`;
      return `${input}.${sign("sha256", Buffer.from(input), own.privateKey).toString("base64url")}`;
    };
    const hmac = (secret: string) => {
      const input = `${encode({ ...header, alg: "HS256" })}.${body}`;
      return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
    };
    const forgeries = [
      `${encode({ ...header, alg: "none" })}.${body}.`,
      `${encode({ alg: "none" })}.${body}.${tail}`,
      hmac(JSON.stringify(jwk)),
      hmac(jwk?.n ?? ""),
      signed(header),
      signed({ ...header, kid: "../../../dev/null" }),
      signed({ ...header, kid: undefined }),
      signed({ ...header, jwk: own.publicKey.export({ format: "jwk" }) }),
      signed({ ...header, jku: "https://evil.example/keys" }),
      `${head}.${encode({ ...claims, sub: "01JZZZZZZZZZZZZZZZZZZZZZZZ" })}.${tail}`,
      `${head}.${encode({ ...claims, exp: 4_102_444_800 })}.${tail}`,
      `${head}.${body}.${tail}AA`,
      `${head}.${body}`,
      idToken,
      "",
    ];
    for (const forged of forgeries) {
      expect(await userinfoStatus(server, forged), forged).toBe(401);
      expect((await rest(server, "GET", "/v1/users/me", undefined, forged || "x")).status, forged).toBe(401);
    }
    expect(await userinfoStatus(server, accessToken)).toBe(200);
  });
});

describe("A12: a client assertion is what a key of the client signed, with its own algorithm", () => {
  test("none, HS/RS confusion, key injection, another client's key, wrong typ", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const { n, e } = publicKey.export({ format: "jwk" });
    const machine = await registerClient(server, {
      grant_types: ["client_credentials"],
      redirect_uris: [],
      token_endpoint_auth_method: "private_key_jwt",
      jwks: { keys: [{ kty: "RSA", kid: "1", alg: "PS256", n, e }] },
    });
    let count = 0;
    const claims = () => ({
      iss: machine.clientId,
      sub: machine.clientId,
      aud: server.url,
      exp: Math.floor(Date.now() / 1000) + 60,
      jti: `a12-${(count += 1)}`,
    });
    const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
    const assertion = (header: object, make: (input: Buffer) => Buffer, change: object = {}) => {
      const input = `${encode(header)}.${encode({ ...claims(), ...change })}`;
      return `${input}.${make(Buffer.from(input)).toString("base64url")}`;
    };
    const own = (input: Buffer) => sign("sha256", input, { key: privateKey, ...pss });
    const foreign = (input: Buffer) => sign("sha256", input, { key: stranger.privateKey, ...pss });
    const hmac = (secret: string) => (input: Buffer) => createHmac("sha256", secret).update(input).digest();
    const foreignJwk = stranger.publicKey.export({ format: "jwk" });
    const answered = async (clientAssertion: string) => {
      const response = await fetch(`${server.url}/oauth/v2/token`, {
        method: "POST",
        body: new URLSearchParams({
          grant_type: "client_credentials",
          client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
          client_assertion: clientAssertion,
        }),
      });
      return [response.status, ((await response.json()) as { error?: string }).error];
    };
    const header = { alg: "PS256", kid: "1" };
    for (const forged of [
      assertion({ alg: "none", kid: "1" }, () => Buffer.alloc(1)),
      assertion({ ...header, alg: "HS256" }, hmac(publicKey.export({ type: "spki", format: "pem" }))),
      assertion({ ...header, alg: "HS256" }, hmac(n ?? "")),
      assertion({ ...header, alg: "RS256" }, (input) => sign("sha256", input, privateKey)),
      assertion(header, foreign),
      assertion({ ...header, jwk: foreignJwk }, foreign),
      assertion({ ...header, jku: "https://evil.example/keys" }, foreign),
      assertion({ ...header, kid: "../../../dev/null" }, foreign),
      assertion({ alg: "PS256" }, foreign),
      assertion({ ...header, typ: "at+jwt" }, own),
      assertion({ ...header, typ: "dpop+jwt" }, own),
      assertion({ ...header, crit: ["b64"], b64: false }, own),
      assertion(header, own, { sub: client.clientId }),
      assertion(header, own, { aud: "https://other.example" }),
      assertion(header, own, { aud: [server.url, "https://other.example"] }),
      assertion(header, own, { exp: 1 }),
      assertion(header, own).replace(/\..*\./, `.${encode({ ...claims(), sub: client.clientId })}.`),
      accessToken,
      idToken,
    ]) {
      expect([forged, ...(await answered(forged))]).toEqual([forged, 401, "invalid_client"]);
    }
    expect(await answered(assertion(header, own))).toEqual([200, undefined]);
  });
});

describe("A11: an application's token administers nothing", () => {
  test("a person's token, and a client's own, reach no admin call", async () => {
    for (const [method, path, body] of [
      ["GET", "/v1/users", undefined],
      ["POST", "/v1/users", { username: "mallory" }],
      ["GET", "/v1/clients", undefined],
      ["GET", "/v1/sessions", undefined],
      ["GET", "/v1/admin/system/health", undefined],
    ] as const) {
      expect(await rest(server, method, path, body, accessToken)).toMatchObject({
        status: 403,
        json: { error: { reason: "PERMISSION_DENIED" } },
      });
    }
    const machine = await registerClient(server, {
      grant_types: ["client_credentials"],
      redirect_uris: [],
      scope: "users.read users.write clients.write",
    });
    const { json } = await tokenRequest(server, machine, { grant_type: "client_credentials", scope: "users.read" });
    expect(json["scope"]).toBe("users.read");
    expect((await rest(server, "GET", "/v1/users", undefined, String(json["access_token"]))).status).toBe(403);
  });

  test("a person reads themselves and their own sessions, and nobody else", async () => {
    const { json } = await rest(server, "GET", "/v1/users/me", undefined, accessToken);
    expect(json).not.toHaveProperty("password");
    expect((await rest(server, "GET", `/v1/users/${String(json["id"])}`, undefined, accessToken)).status).toBe(200);
    expect((await rest(server, "GET", "/v1/users/me/sessions", undefined, accessToken)).status).toBe(200);
    const other = await createPerson(server);
    expect((await rest(server, "GET", `/v1/users/${other.id}`, undefined, accessToken)).status).toBe(403);
    expect((await rest(server, "GET", `/v1/users/${other.id}/sessions`, undefined, accessToken)).status).toBe(403);
  });
});

describe("A25: what comes from outside is not taken for ours", () => {
  const send = (path: string, headers: Record<string, string> = {}, method = "GET") =>
    sendRaw(server.url, { method, path, headers, body: Buffer.alloc(0) });

  test("X-Koder-Tenant needs INSTANCE authority, and is never passed over", async () => {
    for (const authorization of ["", `Bearer ${accessToken}`]) {
      const answer = await send("/v1/users/me", {
        "x-koder-tenant": "default",
        ...(authorization === "" ? {} : { authorization }),
      });
      expect([answer.status, answer.body]).toEqual([400, expect.stringContaining("TENANT_HEADER_REFUSED")]);
    }
    for (const [path, said] of [
      ["/.well-known/openid-configuration", "TENANT_HEADER_REFUSED"],
      ["/", "TENANT_HEADER_REFUSED"],
      ["/oauth/v2/authorize", '"error":"invalid_request","error_description":"X-Koder-Tenant chooses no tenant here'],
      ["/oidc/v1/userinfo", '"error":"invalid_request","error_description":"X-Koder-Tenant chooses no tenant here'],
    ] as const) {
      const answer = await send(path, { "x-koder-tenant": "default" });
      expect([path, answer.status, answer.body]).toEqual([path, 400, expect.stringContaining(said)]);
    }
    const admin = { authorization: `Bearer ${server.adminApiKey}` };
    const open = await send("/v1/auth/flows", { ...admin, "x-koder-tenant": "default" }, "POST");
    expect([open.status, open.body]).toEqual([400, expect.stringContaining("whatever the credential")]);
    expect((await send("/v1/users", { ...admin, "x-koder-tenant": "default" })).status).toBe(200);
    expect((await send("/v1/users", { ...admin, "x-koder-tenant": "nobody" })).status).toBe(404);
  });

  test("headers between services are not believed", async () => {
    const forged = { "x-koder-service-token": "eyJhbGciOiJub25lIn0.e30.", "x-koder-actor": "USER:admin" };
    expect((await send("/v1/users", forged)).status).toBe(401);
    const port = `http://${server.grpc.identity}`;
    const method = "/koder.identity.v1.CredentialService/GetClaims";
    const body = Buffer.from('{"userId":"01JZZZZZZZZZZZZZZZZZZZZZZZ"}');
    for (const headers of [{}, forged, { authorization: `Bearer ${server.adminApiKey}` }]) {
      const answer = await sendRaw(port, {
        method: "POST",
        path: method,
        headers: { "content-type": "application/json", ...headers },
        body,
      });
      expect(answer.status, answer.body).toBe(401);
      expect(answer.body).toContain("SERVICE_TOKEN_INVALID");
    }
    const throughGateway = await sendRaw(server.url, {
      method: "POST",
      path: method,
      headers: { "content-type": "application/json" },
      body,
    });
    expect(throughGateway.status).toBe(404);
  });

  test("paths that two programs read differently are refused", async () => {
    for (const path of [
      "/v1/users/../clients",
      "/v1/users/%2e%2e/clients",
      "/v1//users",
      "/v1/users%2fme",
      "/v1\\users",
      "/v1/users/%5c",
      "/v1/users/%00",
      "/./v1/users",
      // What our router reads as /v1/users, and a rule for that path would not.
      "/v1/%75sers",
      "/%761/users",
      "/v1/users%2Dx",
      "/v1/users#x",
    ]) {
      const answer = await send(path, { authorization: `Bearer ${server.adminApiKey}` });
      expect([path, answer.status]).toEqual([path, 400]);
    }
  });

  test("a host that is nobody's is refused, on the gateway and on the services' ports", async () => {
    for (const host of ["evil.example", "localhost", "localhost:1", "127.0.0.1.evil.example"]) {
      expect([host, (await send("/", { host })).status]).toEqual([host, 421]);
    }
    for (const port of [server.grpc.identity, server.http.identity]) {
      const answer = await sendRaw(`http://${port}`, {
        method: "GET",
        path: "/healthz",
        headers: { host: "evil.example" },
        body: Buffer.alloc(0),
      });
      expect(answer.status).toBe(421);
    }
  });

  test("two hosts in one request are refused, on the gateway and on the services' ports", async () => {
    for (const origin of [server.url, `http://${server.grpc.identity}`, `http://${server.http.identity}`]) {
      const { host } = new URL(origin);
      const status = async (headers: string[]) => (await sendTwice(origin, headers)).status;
      expect(await status([host, host]), origin).toBeGreaterThanOrEqual(400);
      expect(await status([host, "evil.example"]), origin).toBeGreaterThanOrEqual(400);
      expect(await status([host]), origin).toBe(404);
    }
    const { host } = new URL(server.url);
    expect(await overHttp2({ ":authority": host })).toBe(404);
    expect(await overHttp2({ ":authority": host, host })).toBe(404);
    expect(await overHttp2({ ":authority": host, host: "evil.example" })).toBe(400);
    expect(await overHttp2({ ":authority": "evil.example", host })).toBe(400);
  });

  /** Asks for a path that is not there, with so many lines of Host. */
  const sendTwice = (origin: string, hosts: readonly string[]) =>
    sendRaw(origin, {
      method: "GET",
      path: "/nowhere",
      headers: {},
      rawHeaders: [...hosts.flatMap((host) => ["Host", host]), "Connection", "close"],
      body: Buffer.alloc(0),
    });

  async function overHttp2(headers: Readonly<Record<string, string>>): Promise<number> {
    const session = connect(server.url);
    try {
      const [answer] = (await once(session.request({ ":path": "/nowhere", ...headers }), "response")) as [
        Readonly<Record<string, unknown>>,
      ];
      return Number(answer[":status"]);
    } finally {
      session.close();
    }
  }

  test("a person at a host that is nobody's is told so on a page, in their language", async () => {
    const answer = await send("/sign-in?authorization=x", {
      host: "evil.example",
      accept: "text/html",
      "accept-language": "es",
    });
    expect([answer.status, answer.headers["content-type"]]).toEqual([421, "text/html; charset=utf-8"]);
    expect(answer.body).toContain("Nadie responde en esta dirección");
    expect(answer.body).toMatch(/KID-GEN-\d{3}-/);
    expect(answer.headers["content-security-policy"]).toContain("default-src 'none'");
  });
});

describe("A22: page tokens are ours alone", () => {
  test("altered, of another listing, or made up", async () => {
    await Promise.all(Array.from({ length: 3 }, () => createPerson(server)));
    const { json } = await rest(server, "GET", "/v1/users?page_size=1");
    const token = String(json["next_page_token"]);
    expect((await rest(server, "GET", `/v1/users?page_size=1&page_token=${token}`)).status).toBe(200);
    for (const path of [
      `/v1/users?page_token=${token.slice(0, -2)}AA`,
      `/v1/users?username_prefix=p&page_token=${token}`,
      `/v1/clients?page_token=${token}`,
      "/v1/users?page_token=eyJpZCI6MX0",
    ]) {
      expect(await rest(server, "GET", path)).toMatchObject({
        status: 400,
        json: { error: { reason: "PAGE_TOKEN_INVALID" } },
      });
    }
  });
});
