import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { httpBrowser } from "../support/http-browser.ts";
import {
  authorizationRequest,
  createPerson,
  locationOf,
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
    "javascript:alert(1)//https://app.example.com/cb",
    "",
  ])("%s", async (redirectUri) => {
    const response = await ask({ redirect_uri: redirectUri });
    expect(response.status).toBe(400);
    expect(response.headers.get("location")).toBeNull();
    expect(await response.text()).toMatch(/KID-GEN-001-/);
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

  test("a POST leads to a GET with the same parameters", async () => {
    const url = new URL(authorizationRequest(server, client).url);
    const response = await httpBrowser().post(`${server.url}${url.pathname}`, Object.fromEntries(url.searchParams));
    const location = locationOf(response, server.url);
    expect(location.pathname).toBe("/oauth/v2/authorize");
    expect(Object.fromEntries(location.searchParams)).toEqual(Object.fromEntries(url.searchParams));
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
