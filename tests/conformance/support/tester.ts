import { createLocalJWKSet, jwtVerify, type JSONWebKeySet, type JWTPayload, type JWTHeaderParameters } from "jose";
import { expect } from "vitest";
import { httpBrowser, type HttpBrowser } from "../../support/http-browser.ts";
import { rest } from "../../support/relying-party.ts";
import { formsOf } from "./page.ts";
import { person, type Provider } from "./provider.ts";

/** A client as the suite registers it. */
export interface TestClient {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  readonly authMethod: string;
}

/** What came of an authorization request: an answer to the client, or a page that stayed. */
export type Outcome =
  | {
      readonly kind: "callback";
      readonly method: "GET" | "POST";
      readonly url: URL;
      readonly answer: URLSearchParams;
      readonly pages: number;
    }
  | { readonly kind: "page"; readonly status: number; readonly html: string; readonly pages: number };

/** Every claim that the suite allows in an id token: no others may be there. */
const idTokenClaims = new Set("iss sub aud exp iat auth_time nonce acr amr azp at_hash jti nbf sid".split(" "));

export type Tester = ReturnType<typeof createTester>;

/** The suite's part: a client of a provider, and a browser that signs the one person in. */
export function createTester(provider: Provider, responseMode: "query" | "form_post" = "query") {
  /** A static client, as an administrator creates it: confidential, no PKCE, redirect URI on loopback with a port. */
  async function newClient(metadata: Readonly<Record<string, unknown>> = {}): Promise<TestClient> {
    const redirectUri = "https://localhost:8443/test/a/koder/callback";
    const { status, json } = await rest(provider, "POST", "/v1/clients", {
      client_name: "Conformance",
      redirect_uris: [redirectUri],
      grant_types: ["authorization_code", "refresh_token"],
      require_pkce: false,
      ...metadata,
    });
    expect(status, JSON.stringify(json)).toBe(200);
    return {
      clientId: String(json["client_id"]),
      clientSecret: String(json["client_secret"]),
      redirectUri: (json["redirect_uris"] as string[])[0] ?? "",
      authMethod: String(json["token_endpoint_auth_method"]),
    };
  }

  /** The parameters of a request of the suite; undefined takes one away. */
  function request(
    { clientId, redirectUri }: TestClient,
    changes: Readonly<Record<string, string | undefined>> = {},
  ): URLSearchParams {
    const parameters = {
      client_id: clientId,
      redirect_uri: redirectUri,
      scope: "openid",
      state: "fMZ-.~_1".repeat(16), // 128 characters
      nonce: "a nonce of this test",
      response_type: "code",
      ...(responseMode === "query" ? {} : { response_mode: responseMode }),
      ...changes,
    };
    return new URLSearchParams(
      Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
  }

  /** Sends the request, signs in and consents where a page asks, and stops at the answer or at a page that stays. */
  async function authorize(
    parameters: URLSearchParams,
    { browser = httpBrowser(), post = false, allow = true }: AuthorizeOptions = {},
  ): Promise<Outcome> {
    const endpoint = provider.endpoint("authorization_endpoint");
    let response = await (post
      ? browser.post(endpoint, Object.fromEntries(parameters))
      : browser.get(`${endpoint}?${parameters.toString()}`));
    for (let pages = 0; ;) {
      const location = response.headers.get("location");
      if (location !== null) {
        const url = new URL(location, provider.url);
        if (url.origin === provider.url) {
          response = await browser.get(url.href);
          continue;
        }
        const answer = new URLSearchParams(url.search);
        return { kind: "callback", method: "GET", url, answer, pages };
      }
      const html = await response.text();
      const form = formsOf(html).find(({ action, inputs }) => action !== "" && !inputs.has("locale"));
      if (form === undefined || response.status >= 400) return { kind: "page", status: response.status, html, pages };
      const action = new URL(form.action, provider.url);
      if (action.origin !== provider.url) {
        return { kind: "callback", method: "POST", url: action, answer: new URLSearchParams([...form.inputs]), pages };
      }
      pages += 1;
      expect(pages, html).toBeLessThan(5);
      const answers = form.inputs.has("password") ? { username: person.username, password: person.password } : {};
      const decision = form.buttons.filter(({ name }) => name !== "");
      const chosen = allow
        ? decision.find(({ value }) => value === "allow")
        : decision.find(({ value }) => value === "deny");
      response = await browser.post(action.href, {
        ...Object.fromEntries(form.inputs),
        ...answers,
        ...(chosen === undefined ? {} : { [chosen.name]: chosen.value }),
      });
    }
  }

  /** The answer in the response mode that was asked for, with the state and the issuer in it, and nothing more. */
  function answerOf(outcome: Outcome, parameters: URLSearchParams): URLSearchParams {
    if (outcome.kind === "page") expect.fail(`a page stayed: ${outcome.status} ${outcome.html}`);
    const mode = parameters.get("response_mode") ?? "query";
    expect(outcome.method).toBe(mode === "form_post" ? "POST" : "GET");
    if (mode === "form_post") expect(outcome.url.search).toBe(new URL(parameters.get("redirect_uri") ?? "").search);
    expect(outcome.url.hash).toBe("");
    expect(outcome.answer.getAll("state")).toEqual(parameters.getAll("state"));
    expect(outcome.answer.get("iss")).toBe(provider.url);
    return outcome.answer;
  }

  /** The code of a request that succeeds. */
  async function codeOf(parameters: URLSearchParams, options: AuthorizeOptions = {}): Promise<string> {
    const answer = answerOf(await authorize(parameters, options), parameters);
    expect(answer.get("error"), answer.toString()).toBeNull();
    const code = answer.get("code") ?? "";
    expect(Buffer.byteLength(code)).toBeGreaterThanOrEqual(16);
    return code;
  }

  /** The error of a request that fails, well-formed. */
  async function errorOf(parameters: URLSearchParams, options: AuthorizeOptions = {}): Promise<string> {
    const answer = answerOf(await authorize(parameters, options), parameters);
    const allowed = new Set(["error", "error_description", "error_uri", "state", "iss"]);
    const own = new Set(new URL(parameters.get("redirect_uri") ?? "").searchParams.keys());
    expect([...answer.keys()].filter((name) => !allowed.has(name) && !own.has(name))).toEqual([]);
    expect(answer.get("error_description") ?? "").toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/);
    return answer.get("error") ?? "";
  }

  /** A token request with the client's own way to authenticate. */
  async function token(
    { clientId, clientSecret, authMethod }: TestClient,
    form: Readonly<Record<string, string>>,
  ): Promise<TokenAnswer> {
    const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString("base64");
    const response = await fetch(provider.endpoint("token_endpoint"), {
      method: "POST",
      headers: authMethod === "client_secret_basic" ? { authorization: `Basic ${basic}` } : {},
      body: new URLSearchParams({
        ...form,
        ...(authMethod === "client_secret_post" ? { client_id: clientId, client_secret: clientSecret } : {}),
      }),
    });
    const json = (await response.json()) as Record<string, unknown>;
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(response.headers.get("cache-control")).toMatch(/no-store/);
    if (response.status !== 200) {
      expect(json["error_description"] ?? "").toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/);
    }
    return { status: response.status, json };
  }

  /** The tokens that a code gives, each checked as the suite checks it. */
  async function exchange(
    client: TestClient,
    code: string,
    {
      nonce = "a nonce of this test",
      ...more
    }: { readonly nonce?: string | undefined } & Record<string, string | undefined> = {},
  ): Promise<Tokens> {
    const { status, json } = await token(client, {
      grant_type: "authorization_code",
      code,
      redirect_uri: client.redirectUri,
      ...Object.fromEntries(Object.entries(more).filter((entry): entry is [string, string] => entry[1] !== undefined)),
    });
    expect(status, JSON.stringify(json)).toBe(200);
    return checkedTokens(client, json, nonce === "" ? undefined : nonce);
  }

  async function checkedTokens(
    client: TestClient,
    json: Record<string, unknown>,
    nonce: string | undefined,
  ): Promise<Tokens> {
    expect(json["token_type"]).toBe("Bearer");
    expect(json["expires_in"]).toEqual(expect.any(Number));
    const { payload, protectedHeader } = await verified(client, String(json["id_token"]));
    expect(payload["nonce"]).toBe(nonce);
    return {
      accessToken: String(json["access_token"]),
      refreshToken: typeof json["refresh_token"] === "string" ? json["refresh_token"] : "",
      idToken: String(json["id_token"]),
      claims: payload,
      header: protectedHeader,
    };
  }

  async function keys(): Promise<JSONWebKeySet> {
    const response = await fetch(provider.endpoint("jwks_uri"));
    return (await response.json()) as JSONWebKeySet;
  }

  async function verified(
    { clientId }: TestClient,
    idToken: string,
  ): Promise<{ readonly payload: JWTPayload; readonly protectedHeader: JWTHeaderParameters }> {
    const found = await jwtVerify(idToken, createLocalJWKSet(await keys()), {
      issuer: provider.url,
      audience: clientId,
      clockTolerance: 5,
    });
    const { payload, protectedHeader } = found;
    expect(protectedHeader.kid).toEqual(expect.any(String));
    expect(Object.keys(payload).filter((name) => !idTokenClaims.has(name))).toEqual([]);
    for (const value of Object.values(payload)) expect(value === null || value === "").toBe(false);
    expect(payload["acr"]).toEqual(expect.stringMatching(/./));
    expect(Math.abs((payload.iat ?? 0) - Date.now() / 1000)).toBeLessThan(30);
    expect(payload.aud).toBe(clientId);
    return found;
  }

  /** Checks the id token of a refresh answer by that of the sign-in (OpenID Connect Core §12.2). */
  async function checkRefreshed(client: TestClient, before: Tokens, { status, json }: TokenAnswer): Promise<void> {
    expect(status, JSON.stringify(json)).toBe(200);
    const { payload } = await verified(client, String(json["id_token"]));
    const kept = (claims: JWTPayload) => ["iss", "sub", "aud", "azp", "auth_time", "sid"].map((name) => claims[name]);
    expect(kept(payload)).toEqual(kept(before.claims));
    expect(payload.iat).toBeGreaterThan(before.claims.iat ?? Infinity);
  }

  /** Userinfo, as the suite asks for it. */
  async function userinfo(
    accessToken: string,
    how: "get" | "post-header" | "post-body" = "get",
  ): Promise<UserinfoAnswer> {
    const url = provider.endpoint("userinfo_endpoint");
    const authorization = `Bearer ${accessToken}`;
    const form = "application/x-www-form-urlencoded";
    const response = await (how === "get"
      ? fetch(url, { headers: { authorization } })
      : how === "post-header"
        ? fetch(url, { method: "POST", headers: { authorization, "content-type": form }, body: "" })
        : fetch(url, { method: "POST", body: new URLSearchParams({ access_token: accessToken }) }));
    const text = await response.text();
    return { status: response.status, json: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown> };
  }

  /** The whole of one sign-in: the request, the code, the tokens. */
  async function signIn(
    client: TestClient,
    changes: Readonly<Record<string, string | undefined>> = {},
    options: AuthorizeOptions = {},
  ): Promise<Tokens> {
    const nonce = "nonce" in changes ? (changes["nonce"] ?? "") : undefined;
    return exchange(client, await codeOf(request(client, changes), options), nonce === undefined ? {} : { nonce });
  }

  return {
    provider,
    newClient,
    request,
    authorize,
    codeOf,
    errorOf,
    token,
    exchange,
    checkedTokens,
    checkRefreshed,
    verified,
    keys,
    userinfo,
    signIn,
  };
}

export interface AuthorizeOptions {
  readonly browser?: HttpBrowser;
  /** Sends the request by POST. */
  readonly post?: boolean;
  /** What the person says where a page asks for consent. */
  readonly allow?: boolean;
}

export interface TokenAnswer {
  readonly status: number;
  readonly json: Record<string, unknown>;
}

export type UserinfoAnswer = TokenAnswer;

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly idToken: string;
  readonly claims: JWTPayload;
  readonly header: JWTHeaderParameters;
}
