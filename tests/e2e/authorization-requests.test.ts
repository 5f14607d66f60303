import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { httpBrowser, type HttpBrowser } from "../support/http-browser.ts";
import {
  authorizationRequest,
  createPerson,
  locationOf,
  password,
  registerClient,
  signIn,
  tokenRequest,
  tokensFor,
  type RelyingParty,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
let client: RelyingParty;
let other: RelyingParty;
let alice: { readonly id: string; readonly username: string; readonly browser: HttpBrowser; readonly idToken: string };
let bob: typeof alice;
let accessToken: string;
beforeAll(async () => {
  server = await startServer();
  [client, other] = [await registerClient(server), await registerClient(server)];
  const [first, second] = [await createPerson(server), await createPerson(server)];
  const tokens = await tokensFor(server, client, first.username);
  ({ accessToken } = tokens);
  alice = { ...first, ...tokens };
  bob = { ...second, ...(await tokensFor(server, client, second.username)) };
});
afterAll(() => server?.stop());

/** Where a request of the client leads in this browser. */
const ask = async (parameters: Record<string, string>, browser = alice.browser, by = client) =>
  locationOf(await browser.get(authorizationRequest(server, by, parameters).url), server.url);
/** The error that comes back to the client; `none` for a code, `page` for one of ours. */
const errorOf = (location: URL) =>
  location.origin === server.url ? "page" : (location.searchParams.get("error") ?? "none");
const answerTo = async (parameters: Record<string, string>, browser?: HttpBrowser, by?: RelyingParty) =>
  errorOf(await ask(parameters, browser, by));
/** The claims of the id token of a request that needs no page. */
async function idTokenOf(parameters: Record<string, string>, by = client): Promise<Record<string, unknown>> {
  return decodeJwt((await tokensFor(server, by, alice.username, { browser: alice.browser, parameters })).idToken);
}

describe("prompt=none asks nobody anything (OpenID Connect Core §3.1.2.6)", () => {
  test.each([
    ["nobody is signed in", "login_required", {}, "nobody"],
    ["a person is signed in", "none", {}, "alice"],
    ["the sign-in is too old", "login_required", { max_age: "0" }, "alice"],
    ["the sign-in is young enough", "none", { max_age: "10000" }, "alice"],
    ["the person is the one expected", "none", { id_token_hint: "alice" }, "alice"],
    ["another person is expected", "login_required", { id_token_hint: "bob" }, "alice"],
    ["another subject is claimed", "login_required", { claims: '{"id_token":{"sub":{"value":"bob"}}}' }, "alice"],
  ] as [string, string, Record<string, string>, string][])("%s: %s", async (_when, error, parameters, who) => {
    const hints = { alice: alice.idToken, bob: bob.idToken } as Readonly<Record<string, string>>;
    const hint = parameters["id_token_hint"];
    const browser = who === "alice" ? alice.browser : httpBrowser();
    const sent = { prompt: "none", ...parameters, ...(hint === undefined ? {} : { id_token_hint: hints[hint] ?? "" }) };
    expect(await answerTo(sent, browser)).toBe(error);
  });
});

describe("whom the client expects (id_token_hint, OpenID Connect Core §3.1.2.1)", () => {
  test("another person signs in anew, as the one expected; the client is told of anybody else", async () => {
    const browser = httpBrowser();
    await signIn(server, client, bob.username, { browser });
    const { url, codeVerifier } = authorizationRequest(server, client, { id_token_hint: alice.idToken });
    const send = async (username: string) => {
      const page = locationOf(await browser.get(url), server.url);
      expect(page.pathname).toBe("/sign-in");
      const authorization = page.searchParams.get("authorization") ?? "";
      return locationOf(await browser.post(`${server.url}/sign-in`, { authorization, username, password }), server.url);
    };
    const refused = await send(bob.username);
    expect([errorOf(refused), refused.searchParams.get("error_description")]).toEqual([
      "login_required",
      expect.stringContaining("somebody else"),
    ]);
    expect(refused.searchParams.has("code")).toBe(false);
    const callback = await send(alice.username);
    const { json } = await tokenRequest(server, client, {
      grant_type: "authorization_code",
      code: callback.searchParams.get("code") ?? "",
      redirect_uri: client.redirectUri,
      code_verifier: codeVerifier,
    });
    expect(decodeJwt(String(json["id_token"])).sub).toBe(alice.id);
  });

  test("so it is where the one expected has a sign-in of before that would not do", async () => {
    const browser = httpBrowser();
    await signIn(server, client, alice.username, { browser });
    const { url } = authorizationRequest(server, client, { id_token_hint: alice.idToken, prompt: "login" });
    const page = locationOf(await browser.get(url), server.url);
    const authorization = page.searchParams.get("authorization") ?? "";
    const signInAs = async (username: string) =>
      locationOf(await browser.post(`${server.url}/sign-in`, { authorization, username, password }), server.url);
    expect(errorOf(await signInAs(bob.username))).toBe("login_required");
    expect(errorOf(await signInAs(alice.username))).toBe("none");
  });

  test("what is no id token of this client's is no hint", async () => {
    expect(await answerTo({ id_token_hint: alice.idToken }, alice.browser, other)).toBe("invalid_request");
    for (const hint of [accessToken, `${alice.idToken}x`, alice.idToken.replace(/\.[^.]+$/, "."), "x"]) {
      const location = await ask({ id_token_hint: hint });
      expect(errorOf(location)).toBe("invalid_request");
      expect(location.searchParams.get("error_description")).toContain("id_token_hint");
    }
  });
});

describe("when the person had signed in", () => {
  test("auth_time is told when it was asked for, and stays what it was", async () => {
    const { auth_time: asked } = await idTokenOf({ max_age: "10000" });
    expect(asked).toEqual(expect.any(Number));
    expect(await idTokenOf({})).not.toHaveProperty("auth_time");
    expect(await idTokenOf({ claims: '{"id_token":{"auth_time":{"essential":true}}}' })).toHaveProperty(
      "auth_time",
      asked,
    );
  });

  test("a client may have it told always, and have an age of its own", async () => {
    const told = await registerClient(server, { require_auth_time: true });
    expect(await idTokenOf({}, told)).toHaveProperty("auth_time");
    const aged = await registerClient(server, { default_max_age: 1 });
    const browser = httpBrowser();
    await signIn(server, aged, alice.username, { browser });
    await expect.poll(() => answerTo({ prompt: "none" }, browser, aged), { timeout: 5_000 }).toBe("login_required");
    expect(await answerTo({ prompt: "none", max_age: "1000" }, browser, aged), "the request says otherwise").toBe(
      "none",
    );
  });
});

describe("what is accepted, and changes nothing", () => {
  test.each([
    { display: "popup" },
    { display: "whatever" },
    { ui_locales: "se" },
    { claims_locales: "pt-BR en" },
    { login_hint: "nobody@example.com" },
    { acr_values: "urn:example:gold urn:koder:acr:1fa" },
    { claims: '{"userinfo":{"name":{"essential":true}},"id_token":{"acr":{"values":["urn:example:gold"]}}}' },
    { whatever: "x" },
  ] satisfies Record<string, string>[])("%j", async (parameters) => {
    expect(await answerTo(parameters)).toBe("none");
  });

  test("the acr is the one that was reached, and an essential one that was not is no sign-in", async () => {
    expect(await idTokenOf({ acr_values: "urn:example:gold" })).toHaveProperty("acr", "urn:koder:acr:1fa");
    const claims = '{"id_token":{"acr":{"essential":true,"values":["urn:example:gold"]}}}';
    expect(await answerTo({ claims })).toBe("unmet_authentication_requirements");
  });

  test("state comes back unchanged: 128 characters, and those that nobody escapes", async () => {
    const state = "aZ09-._~".repeat(16);
    expect((await ask({ state })).searchParams.get("state")).toBe(state);
  });
});

describe("what is refused names its parameter", () => {
  test.each([
    [{ claims: "{" }, "invalid_request", "claims"],
    [{ resource: "https://api.example.com/#x" }, "invalid_target", "resource"],
    [{ dpop_jkt: "short" }, "invalid_request", "dpop_jkt"],
    [{ registration: "{}" }, "registration_not_supported", "registration"],
    [{ prompt: "create" }, "invalid_request", "prompt"],
    [{ max_age: "soon" }, "invalid_request", "max_age"],
    ...["nonce", "scope", "prompt", "login_hint", "ui_locales", "claims_locales", "acr_values", "claims"].map(
      (name) => [{ [name]: "x".repeat(4_097) }, "invalid_request", name] as const,
    ),
    [{ id_token_hint: "x".repeat(16_385) }, "invalid_request", "id_token_hint"],
  ] as const)("%j: %s", async (parameters, error, name) => {
    const location = await ask(parameters);
    expect(errorOf(location)).toBe(error);
    expect(location.searchParams.get("error_description")).toContain(name);
    expect(location.searchParams.get("state")).toBe("a-state-that-is-long-enough");
  });

  test("a state that is too long comes back to nobody", async () => {
    const location = await ask({ state: "x".repeat(4_097) });
    expect(Object.fromEntries(location.searchParams)).toEqual({
      error: "invalid_request",
      error_description: "state is longer than 4096 characters",
      iss: server.url,
    });
  });

  test("every parameter that came twice, and none that came empty", async () => {
    const { url } = authorizationRequest(server, client);
    const once = new URL(url);
    const others = ["response_mode", "prompt", "max_age", "claims", "acr_values", "display", "id_token_hint", "x"];
    for (const name of [...once.searchParams.keys(), ...others]) {
      if (name === "client_id" || name === "redirect_uri") continue; // those lead to a page of ours (security A1)
      const twice = `${url}${once.searchParams.has(name) ? "" : `&${name}=x`}&${name}=`;
      const location = locationOf(await alice.browser.get(twice), server.url);
      expect(location.searchParams.get("error_description")).toBe(`${name} was sent twice`);
      if (!once.searchParams.has(name)) {
        expect(errorOf(locationOf(await alice.browser.get(`${url}&${name}=`), server.url)), name).toBe("none");
      }
    }
    const resources = `${url}&resource=urn:a:b&resource=urn:c:d`;
    expect(errorOf(locationOf(await alice.browser.get(resources), server.url))).not.toBe("invalid_request");
  });

  test.each(["%ff", "%", "%00", "%c3%28"])("what is not UTF-8 is a page of ours: %s", async (text) => {
    for (const name of ["login_hint", "state", "client_id", "x"]) {
      const response = await alice.browser.get(`${authorizationRequest(server, client).url}&${name}=${text}`);
      expect(response.status).toBe(400);
      expect(response.headers.get("location")).toBeNull();
    }
  });
});

describe("A10: PKCE where it was lifted", () => {
  test("a confidential client may go without; what was sent is enforced, what was not is not taken", async () => {
    const lifted = await registerClient(server, { require_pkce: false });
    const without = { code_challenge: "", code_challenge_method: "" };
    const redeem = async (parameters: Record<string, string>, verifier: (own: string) => Record<string, string>) => {
      const { callback, codeVerifier } = await signIn(server, lifted, alice.username, {
        browser: alice.browser,
        parameters,
      });
      const { status, json } = await tokenRequest(server, lifted, {
        grant_type: "authorization_code",
        code: callback.searchParams.get("code") ?? "",
        redirect_uri: lifted.redirectUri,
        ...verifier(codeVerifier),
      });
      return status === 200 ? "tokens" : json["error"];
    };
    expect(await redeem(without, () => ({}))).toBe("tokens");
    expect(await redeem(without, (code_verifier) => ({ code_verifier }))).toBe("invalid_grant");
    expect(await redeem({}, (code_verifier) => ({ code_verifier }))).toBe("tokens");
    expect(await redeem({}, () => ({}))).toBe("invalid_grant");
    expect(await answerTo(without), "a client for which it was not lifted").toBe("invalid_request");
  });
});
