import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { httpBrowser } from "../support/http-browser.ts";
import {
  authorizationRequest,
  createPerson,
  locationOf,
  pushRequest,
  registerClient,
  signIn,
  tokenRequest,
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

const ask = async (parameters: Record<string, string>, omit: readonly string[] = []) => {
  const url = new URL(authorizationRequest(server, client, parameters).url);
  for (const name of omit) url.searchParams.delete(name);
  return httpBrowser().get(url.href);
};

const post = (parameters: Record<string, string>) => {
  const { origin, pathname, searchParams } = new URL(authorizationRequest(server, client, parameters).url);
  return httpBrowser().post(`${origin}${pathname}`, Object.fromEntries(searchParams));
};

describe("A1: nothing is redirected until client and redirect URI are proven good", () => {
  test.each([
    "https://evil.example/cb",
    "https://app.example.com/cb2",
    "https://app.example.com/cb/",
    "https://app.example.com/cb?x=1",
    "https://app.example.com/cb#x",
    "https://app.example.com:8443/cb",
    "https://APP.example.com/cb",
    "https://app.example.com/x/../cb",
    "https://app.example.com@evil.example/cb",
    "https://evil.example\\@app.example.com/cb",
    "https://app.example.com.evil.example/cb",
    "//app.example.com/cb",
    "//evil.example/cb",
    "/\\evil.example/cb",
    "https:evil.example/cb",
    "https:/app.example.com/cb",
    "http://app.example.com/cb",
    "HTTPS://app.example.com/cb",
    "https://app.example.com/cb%2f",
    "https://app.example.com/%63b",
    "https://app.example.com/cb;x",
    "https://app.example.com/cb/..",
    "https://app.example.com./cb",
    "https://app.example.com:443/cb",
    "https://user@app.example.com/cb",
    "https://appXexample.com/cb",
    "https://app.example.com/cb\t",
    " https://app.example.com/cb",
    "https://app.example.com/cb\r\nSet-Cookie: x=y",
    "https://\uff41pp.example.com/cb",
    "https://*.example.com/cb",
    "data:text/html,<script>alert(1)</script>",
    "http://127.0.0.1:1234/cb",
    "javascript:alert(1)//https://app.example.com/cb",
    "",
  ])("%j", async (redirectUri) => {
    for (const response of [
      await ask({ redirect_uri: redirectUri }),
      await ask({ redirect_uri: redirectUri, response_mode: "form_post", prompt: "none" }),
      await post({ redirect_uri: redirectUri }),
    ]) {
      expect(response.status).toBe(400);
      expect(response.headers.get("location")).toBeNull();
      const page = await response.text();
      expect(page).toMatch(/KID-GEN-001-/);
      expect(page).not.toContain("<form");
    }
    const pushed = await pushRequest(server, client, { redirect_uri: redirectUri });
    expect([pushed.status, pushed.json["error"]]).toEqual([400, "invalid_request"]);
  });

  test("the query is part of the match, and survives the answer", async () => {
    const redirectUri = "https://app.example.com/cb?a=1&b=%20";
    const queried = { ...(await registerClient(server, { redirect_uris: [redirectUri] })), redirectUri };
    const askFor = (uri: string) =>
      httpBrowser().get(authorizationRequest(server, queried, { prompt: "none", redirect_uri: uri }).url);
    const location = (await askFor(redirectUri)).headers.get("location");
    expect(location?.startsWith(`${redirectUri}&error=login_required&`)).toBe(true);
    for (const uri of ["", "?a=1", "?b=%20&a=1", "?a=1&b=%20&c=3", "?a=1&b=+", "?a=1&b=%20#x"]) {
      const response = await askFor(`https://app.example.com/cb${uri}`);
      expect([response.status, response.headers.get("location")], uri).toEqual([400, null]);
    }
  });

  test("the port of a native client on loopback is the one exception (RFC 8252 §7.3)", async () => {
    const redirect_uris = ["http://127.0.0.1/cb", "http://[::1]:1/cb", "com.example.app:/cb"];
    const [native, web] = [
      await registerClient(server, { redirect_uris, application_type: "native" }),
      await registerClient(server, { redirect_uris: redirect_uris.slice(0, 2) }),
    ];
    const statusOf = async (by: RelyingParty, redirect_uri: string) =>
      (await httpBrowser().get(authorizationRequest(server, by, { redirect_uri }).url)).status;
    for (const uri of ["http://127.0.0.1:51004/cb", "http://[::1]:51004/cb", "com.example.app:/cb"]) {
      expect([await statusOf(native, uri), await statusOf(web, uri)], uri).toEqual([303, 400]);
    }
    for (const uri of [
      "http://127.0.0.1:99999/cb",
      "http://127.0.0.1:51004/cb/",
      "http://127.0.0.2:51004/cb",
      "http://localhost:51004/cb",
      "http://127.0.0.1:51004@evil.example/cb",
      "com.example.app:51004/cb",
    ]) {
      expect(await statusOf(native, uri), uri).toBe(400);
    }
  });

  test("an unknown client, none at all, and two of one parameter", async () => {
    for (const response of [
      await ask({ client_id: "nobody" }),
      await ask({}, ["client_id"]),
      await httpBrowser().get(`${authorizationRequest(server, client).url}&client_id=${client.clientId}`),
      await httpBrowser().get(
        `${authorizationRequest(server, client).url}&redirect_uri=${encodeURIComponent("https://evil.example/cb")}`,
      ),
    ]) {
      expect(response.status).toBe(400);
      expect(response.headers.get("location")).toBeNull();
    }
  });

  test("A18: what the request says is shown as text", async () => {
    const response = await ask({
      client_id: "<script>alert(1)</script>",
      redirect_uri: "<img src=x onerror=alert(1)>",
    });
    const page = await response.text();
    expect(page).not.toMatch(/<script>alert|<img src=x/);
    expect(response.headers.get("content-security-policy")).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(response.headers.get("x-frame-options")).toBe("DENY");
  });
});

describe("A19: nobody is led on but to the client, and to pages of ours", () => {
  test("whatever a request asks for, and whatever a page is opened with", async () => {
    const evil = "//evil.example";
    for (const parameters of [
      { display: evil, ui_locales: evil, login_hint: evil, acr_values: evil },
      { state: evil, nonce: evil, return_to: evil, next: evil, url: evil },
      { request_uri: `urn:ietf:params:oauth:request_uri:${evil}` },
    ] as Record<string, string>[]) {
      const { headers } = await ask(parameters);
      expect(headers.get("location") ?? "/sign-in").toMatch(/^\/sign-in(?:\?authorization=[\w-]{22})?$/);
    }
    for (const query of [`authorization=${evil}`, `authorization=x&next=${evil}`, `return_to=${evil}`]) {
      const { status, headers } = await httpBrowser().get(`${server.url}/sign-in?${query}`);
      expect([status >= 400, headers.get("location")]).toEqual([true, null]);
    }
  });
});

describe("the checks that may answer the client", () => {
  test.each([
    [{ response_type: "token" }, "unsupported_response_type"],
    [{ response_type: "" }, "invalid_request"],
    [{ response_mode: "fragment" }, "invalid_request"],
    [{ scope: 'openid "' }, "invalid_scope"],
    [{ prompt: "none login" }, "invalid_request"],
    [{ prompt: "none" }, "login_required"],
    [{ max_age: "-1" }, "invalid_request"],
    [{ request: "x" }, "request_not_supported"],
    [{ request_uri: "https://x.example/r" }, "request_uri_not_supported"],
    [{ code_challenge: "" }, "invalid_request"],
    [{ code_challenge_method: "plain" }, "invalid_request"],
    [{ code_challenge_method: "" }, "invalid_request"],
    [{ code_challenge: "short" }, "invalid_request"],
  ] satisfies [Record<string, string>, string][])("%j → %s", async (parameters, error) => {
    const location = locationOf(await ask(parameters), server.url);
    expect(location.href).toMatch(/^https:\/\/app\.example\.com\/cb\?/);
    expect(Object.fromEntries(location.searchParams)).toEqual({
      error,
      error_description: expect.stringMatching(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/),
      state: "a-state-that-is-long-enough",
      iss: server.url,
    });
  });

  test("a state that was sent twice is sent back to nobody", async () => {
    const url = `${authorizationRequest(server, client).url}&state=other`;
    const location = locationOf(await httpBrowser().get(url), server.url);
    expect(location.searchParams.get("error")).toBe("invalid_request");
    expect(location.searchParams.has("state")).toBe(false);
  });

  test("state comes back as it was sent, whatever its characters", async () => {
    const state = 'a b+c%20&=?#/\\"<>~é漢😀';
    const location = locationOf(await ask({ prompt: "none", state }), server.url);
    expect(location.searchParams.get("state")).toBe(state);
  });
});

describe("A9, A10: a code is bound to client, redirect URI and verifier", () => {
  test("each binding, and then the right one", async () => {
    const person = await createPerson(server);
    const other = await registerClient(server);
    const { callback, codeVerifier } = await signIn(server, client, person.username);
    const good = {
      grant_type: "authorization_code",
      code: callback.searchParams.get("code") ?? "",
      redirect_uri: client.redirectUri,
      code_verifier: codeVerifier,
    };
    for (const [by, form] of [
      [other, good],
      [client, { ...good, redirect_uri: `${client.redirectUri}/` }],
      [client, { ...good, code_verifier: `${codeVerifier.slice(0, -1)}-` }],
      [client, { ...good, code_verifier: "" }],
      [client, { ...good, code: `${good.code}x` }],
      [{ ...client, clientSecret: "wrong" }, good],
    ] as const) {
      const { status, json, headers } = await tokenRequest(server, by, form);
      expect([400, 401]).toContain(status);
      expect(["invalid_grant", "invalid_client"]).toContain(json["error"]);
      expect(headers.get("cache-control")).toBe("no-store");
    }
    const { status, headers } = await tokenRequest(server, client, good);
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toBe("no-store");
  });
});
