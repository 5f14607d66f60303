import * as oidc from "openid-client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { httpBrowser } from "../support/http-browser.ts";
import { resolveLocalNames } from "../support/localhost-names.ts";
import {
  authorizationRequest,
  createPerson,
  locationOf,
  password,
  pushedRequestUrl,
  pushRequest,
  registerClient,
  rest,
  signIn,
  type RelyingParty,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { createTenant } from "../support/tenants.ts";

let server: RunningServer;
let client: RelyingParty;
let other: RelyingParty;
let username: string;
beforeAll(async () => {
  server = await startServer();
  [client, other] = [await registerClient(server), await registerClient(server)];
  ({ username } = await createPerson(server));
});
afterAll(() => server?.stop());

const push = async (parameters?: Record<string, string>, by = client) => {
  const { status, json } = await pushRequest(server, by, parameters);
  expect(status, JSON.stringify(json)).toBe(201);
  return pushedRequestUrl(server, by, json["request_uri"]);
};

describe("pushed authorization requests (RFC 9126)", () => {
  test("openid-client pushes, signs in, and gets its tokens", async () => {
    const config = await oidc.discovery(
      new URL(server.url),
      client.clientId,
      client.clientSecret,
      oidc.ClientSecretBasic(client.clientSecret),
      { execute: [oidc.allowInsecureRequests] },
    );
    const codeVerifier = oidc.randomPKCECodeVerifier();
    const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
    const url = await oidc.buildAuthorizationUrlWithPAR(config, {
      redirect_uri: client.redirectUri,
      scope: "openid email",
      state,
      nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: "S256",
    });
    expect([...url.searchParams.keys()].toSorted()).toEqual(["client_id", "request_uri"]);
    const browser = httpBrowser();
    const authorization = locationOf(await browser.get(url.href), server.url).searchParams.get("authorization") ?? "";
    const answer = await browser.post(`${server.url}/sign-in`, { authorization, username, password });
    const tokens = await oidc.authorizationCodeGrant(config, locationOf(answer, server.url), {
      pkceCodeVerifier: codeVerifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
    });
    expect(tokens.scope).toBe("openid email");
    const again = await browser.get(url.href);
    expect([again.status, again.headers.get("location")], "one answer uses it up").toEqual([400, null]);
  });

  test("the answer is the standard's, and nobody keeps it", async () => {
    const { status, json, headers } = await pushRequest(server, client);
    expect(status).toBe(201);
    expect(json).toEqual({
      request_uri: expect.stringMatching(/^urn:ietf:params:oauth:request_uri:[\w-]{22}$/),
      expires_in: 90,
    });
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("content-type")).toMatch(/^application\/json/);
    expect(headers.get("access-control-allow-origin")).toBe("*");
  });

  test("a HEAD of its address gives nothing and uses nothing up", async () => {
    const { browser } = await signIn(server, client, username);
    const url = await push();
    const cookie = Array.from(browser.cookies, ([name, value]) => `${name}=${value}`).join("; ");
    const head = await fetch(url, { method: "HEAD", headers: { cookie }, redirect: "manual" });
    expect([head.status, head.headers.get("location"), head.headers.getSetCookie()]).toEqual([200, null, []]);
    expect(head.headers.get("content-security-policy")).not.toBeNull();
    expect(locationOf(await browser.get(url), server.url).searchParams.has("code")).toBe(true);
  });

  test("nothing that stands beside it counts, and no other client has it", async () => {
    const { browser } = await signIn(server, client, username);
    const url = await push();
    expect((await browser.get(url.replace(client.clientId, other.clientId))).status).toBe(400);
    expect((await browser.get(`${url}&request_uri=urn:x`)).status).toBe(400);
    expect((await browser.get(url.replace(/client_id=[^&]+&/, ""))).status).toBe(400);
    expect((await browser.get(`${url}x`)).status).toBe(400);
    const beside = `${url}&redirect_uri=https://evil.example/cb&scope=admin&state=other&response_mode=fragment&prompt=none`;
    const location = locationOf(await browser.get(beside), server.url);
    expect(location.href).toMatch(/^https:\/\/app\.example\.com\/cb\?code=/);
    expect(location.searchParams.get("state")).toBe("a-state-that-is-long-enough");
  });

  test("of several browsers, and of one that asks five times at once, one gets an answer", async () => {
    const url = await push({ prompt: "login" });
    const pages = await Promise.all(
      [httpBrowser(), httpBrowser()].map(async (browser) => {
        const page = locationOf(await browser.get(url), server.url);
        const authorization = page.searchParams.get("authorization") ?? "";
        return () => browser.post(`${server.url}/sign-in`, { authorization, username, password });
      }),
    );
    const errors: (string | null)[] = [];
    for (const send of pages) errors.push(locationOf(await send(), server.url).searchParams.get("error"));
    expect(errors).toEqual([null, "invalid_request_uri"]);

    const { browser } = await signIn(server, client, username);
    const once = await push();
    const answers = await Promise.all(Array.from({ length: 5 }, () => browser.get(once)));
    const codes = answers.filter((one) => one.headers.get("location")?.includes("code=") === true);
    expect(codes).toHaveLength(1);
  });

  test("an answer that refuses uses it up as well", async () => {
    const browser = httpBrowser();
    const url = await push({ prompt: "none" });
    expect(locationOf(await browser.get(url), server.url).searchParams.get("error")).toBe("login_required");
    expect((await browser.get(url)).status).toBe(400);
  });

  test("what the authorization endpoint would refuse is refused here, in JSON", async () => {
    const wrongSecret = { ...client, clientSecret: "wrong" };
    for (const [by, parameters, status, error] of [
      [wrongSecret, {}, 401, "invalid_client"],
      [client, { request_uri: "urn:ietf:params:oauth:request_uri:x" }, 400, "invalid_request"],
      [client, { request: "x" }, 400, "request_not_supported"],
      [client, { client_id: other.clientId }, 400, "invalid_request"],
      [client, { redirect_uri: "https://evil.example/cb" }, 400, "invalid_request"],
      [client, { redirect_uri: "" }, 400, "invalid_request"],
      [client, { response_type: "token" }, 400, "unsupported_response_type"],
      [client, { response_mode: "fragment" }, 400, "invalid_request"],
      [client, { scope: '"' }, 400, "invalid_scope"],
      [client, { code_challenge: "" }, 400, "invalid_request"],
      [client, { claims: "[" }, 400, "invalid_request"],
      [client, { resource: "/" }, 400, "invalid_target"],
      [client, { state: "x".repeat(4_097) }, 400, "invalid_request"],
    ] as const) {
      const answer = await pushRequest(server, by, parameters);
      expect([answer.status, answer.json], JSON.stringify(parameters)).toEqual([
        status,
        { error, error_description: expect.stringMatching(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/) },
      ]);
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(answer.headers.has("www-authenticate")).toBe(status === 401);
    }
  });

  test("no form, another kind of body, another method, a form that is broken or says things twice", async () => {
    const path = `${server.url}/oauth/v2/par`;
    const form = { "content-type": "application/x-www-form-urlencoded" };
    for (const [init, status] of [
      [{ method: "POST" }, 400],
      [{ method: "POST", body: "{}", headers: { "content-type": "application/json" } }, 415],
      [{ method: "POST", body: "state=%ff", headers: form }, 400],
      [{ method: "POST", body: `client_id=${client.clientId}&state=1&state=2`, headers: form }, 400],
      [{ method: "POST", body: `x=${"y".repeat(70_000)}`, headers: form }, 413],
      [{ method: "GET" }, 405],
    ] as const) {
      const response = await fetch(path, init);
      expect([response.status, await response.text()]).toEqual([status, expect.stringContaining("error")]);
      expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
    }
    const preflight = await fetch(path, { method: "OPTIONS", headers: { origin: "https://spa.example" } });
    expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([204, "*"]);
  });

  test("a client that must push is not served otherwise, by address or by form", async () => {
    const pushing = await registerClient(server, { require_pushed_authorization_requests: true });
    const { browser } = await signIn(server, client, username);
    const { url } = authorizationRequest(server, pushing);
    const { origin, pathname, searchParams } = new URL(url);
    for (const answer of [
      await browser.get(url),
      await browser.post(`${origin}${pathname}`, Object.fromEntries(searchParams)),
    ]) {
      const refused = locationOf(answer, server.url).searchParams;
      expect([refused.get("error"), refused.get("error_description")]).toEqual([
        "invalid_request",
        expect.stringContaining("request_uri"),
      ]);
    }
    expect(locationOf(await browser.get(await push({}, pushing)), server.url).searchParams.has("code")).toBe(true);
  });

  test("a public client pushes as well", async () => {
    const open = await registerClient(server, { token_endpoint_auth_method: "none" });
    const { browser } = await signIn(server, client, username);
    expect(locationOf(await browser.get(await push({}, open)), server.url).searchParams.has("code")).toBe(true);
  });
});

describe("a request that comes as a form (OpenID Connect Core §3.1.2.1)", () => {
  test("is kept, and answered when the browser comes back with its cookies", async () => {
    const { browser } = await signIn(server, client, username);
    const { origin, pathname, searchParams } = new URL(authorizationRequest(server, client).url);
    // A form from another site brings no Lax cookies.
    const response = await httpBrowser().post(`${origin}${pathname}`, Object.fromEntries(searchParams));
    const back = locationOf(response, server.url);
    expect([back.pathname, [...back.searchParams.keys()]]).toEqual([
      "/oauth/v2/authorize",
      ["client_id", "request_uri"],
    ]);
    expect(back.href).not.toContain("a-state-that-is-long-enough");
    const callback = locationOf(await browser.get(back.href), server.url);
    expect(callback.searchParams.get("state")).toBe("a-state-that-is-long-enough");
    expect(callback.searchParams.has("code")).toBe(true);
  });

  test("is answered at once where it has a fault, however long it is", async () => {
    const { origin, pathname, searchParams } = new URL(authorizationRequest(server, client).url);
    const form = { ...Object.fromEntries(searchParams), x: "y".repeat(30_000) };
    const post = (parameters: Record<string, string>) =>
      httpBrowser().post(`${origin}${pathname}`, { ...form, ...parameters });
    expect(locationOf(await post({ prompt: "x" }), server.url).searchParams.get("error")).toBe("invalid_request");
    expect(locationOf(await post({}), server.url).pathname).toBe("/oauth/v2/authorize");
    const evil = await post({ redirect_uri: "https://evil.example/cb" });
    expect([evil.status, evil.headers.get("location")]).toEqual([400, null]);
  });
});

describe("a tenant that takes pushed requests only (RFC 9126 §5)", () => {
  test("says so, refuses the others by the callback, and signs people in by those", async () => {
    resolveLocalNames();
    const { host } = await createTenant(server);
    const tenant = { url: `http://${host}`, adminApiKey: server.adminApiKey };
    const [of, person] = [await registerClient(tenant), await createPerson(tenant)];
    const policy = { require_pushed_authorization_requests: true };
    expect((await rest(tenant, "PATCH", "/v1/admin/policies/oauth", policy)).status).toBe(200);
    const required = async (at: string) => {
      const answer = await fetch(`${at}/.well-known/openid-configuration`);
      const metadata = (await answer.json()) as Record<string, unknown>;
      return metadata["require_pushed_authorization_requests"];
    };
    await expect.poll(() => required(tenant.url), { timeout: 12_000 }).toBe(true);
    const refused = locationOf(await httpBrowser().get(authorizationRequest(tenant, of).url), tenant.url);
    expect(Object.fromEntries(refused.searchParams)).toMatchObject({ error: "invalid_request", iss: tenant.url });
    const { json } = await pushRequest(tenant, of);
    const browser = httpBrowser();
    const page = locationOf(await browser.get(pushedRequestUrl(tenant, of, json["request_uri"])), tenant.url);
    const authorization = page.searchParams.get("authorization") ?? "";
    const form = { authorization, username: person.username, password };
    const callback = locationOf(await browser.post(`${tenant.url}/sign-in`, form), tenant.url);
    expect(callback.searchParams.get("code")).toMatch(/^kac_/);
    // It is nobody else's policy.
    expect(await required(server.url)).toBe(false);
    expect((await httpBrowser().get(authorizationRequest(server, client).url)).headers.get("location")).toContain(
      "/sign-in",
    );
  });
});
