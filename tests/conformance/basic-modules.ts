import { createHash, randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { httpBrowser } from "../support/http-browser.ts";
import { person, startProvider, type Provider } from "./support/provider.ts";
import { createTester, type TestClient, type Tester } from "./support/tester.ts";

/** What each scope must give at userinfo: every standard claim of it (OpenID Connect Core §5.4). */
const claimsOfScope = {
  profile: [
    "name",
    "family_name",
    "given_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
  ],
  email: ["email", "email_verified"],
  address: ["address"],
  phone: ["phone_number", "phone_number_verified"],
} as const;
type Scope = keyof typeof claimsOfScope;

const scopeModules: readonly (readonly [module: string, scopes: readonly Scope[]])[] = [
  ["oidcc-scope-profile", ["profile"]],
  ["oidcc-scope-email", ["email"]],
  ["oidcc-scope-address", ["address"]],
  ["oidcc-scope-phone", ["phone"]],
  ["oidcc-scope-all", ["profile", "email", "address", "phone"]],
  ["oidcc-ensure-other-scope-order-succeeds", ["email", "profile"]],
];

/**
 * The modules of the Foundation's Basic profile, and, where answers come by form_post, of its Form Post profile. Each test
 * has the name of its module and does what that does; what fails or warns there fails here.
 */
export function basicModules(responseMode: "query" | "form_post"): void {
  let provider: Provider;
  let tester: Tester;
  let client: TestClient;
  /** Used at the beginning; its module, the last one, uses it again. */
  let spent: { readonly code: string; readonly accessToken: string; readonly at: number };

  beforeAll(async () => {
    provider = await startProvider();
    tester = createTester(provider, responseMode);
    client = await tester.newClient();
    const code = await tester.codeOf(tester.request(client));
    spent = { code, accessToken: (await tester.exchange(client, code)).accessToken, at: performance.now() };
    expect((await tester.userinfo(spent.accessToken)).status).toBe(200);
  });
  afterAll(() => provider.stop());

  test("oidcc-server", async () => {
    const { claims } = await tester.signIn(client);
    expect(claims["sid"]).toEqual(expect.any(String));
  });

  test("oidcc-alternate-happy-flow", async () => {
    const parameters = [...tester.request(client, { scope: "openid email" })].toReversed();
    const code = await tester.codeOf(new URLSearchParams(parameters));
    expect(await accessTokenFor(code)).not.toBe("");
  });

  test("oidcc-response-type-missing", async () => {
    const parameters = tester.request(client, { response_type: undefined });
    expect(["invalid_request", "unsupported_response_type"]).toContain(await tester.errorOf(parameters));
  });

  test("oidcc-idtoken-signature", async () => {
    const { header } = await tester.signIn(client);
    expect(header.alg).toBe("RS256");
  });

  test("oidcc-idtoken-unsigned", () => {
    // Skipped by the suite where discovery does not offer it, which is what must hold.
    expect(provider.metadata["id_token_signing_alg_values_supported"]).not.toContain("none");
  });

  test.each([
    ["oidcc-userinfo-get", "get"],
    ["oidcc-userinfo-post-header", "post-header"],
    ["oidcc-userinfo-post-body", "post-body"],
  ] as const)("%s", async (_module, how) => {
    const { accessToken, claims } = await tester.signIn(client);
    const { status, json } = await tester.userinfo(accessToken, how);
    expect(status).toBe(200);
    expect(json["sub"]).toBe(claims.sub);
  });

  test("oidcc-ensure-request-without-nonce-succeeds-for-code-flow", async () => {
    const { claims } = await tester.signIn(client, { nonce: undefined });
    expect(claims).not.toHaveProperty("nonce");
  });

  test.each(scopeModules)("%s", async (_module, scopes) => {
    const { accessToken, claims } = await tester.signIn(client, { scope: [...scopes, "openid"].join(" ") });
    const { json } = await tester.userinfo(accessToken);
    const expected = scopes.flatMap((scope) => [...claimsOfScope[scope]]);
    expect(Object.keys(json).toSorted()).toEqual(["sub", ...expected].toSorted());
    expect(json["sub"]).toBe(claims.sub);
    const { username, password, ...everything } = person;
    expect({ ...everything, preferred_username: username, updated_at: expect.any(Number) as unknown }).toMatchObject(
      Object.fromEntries(expected.map((name) => [name, json[name]])),
    );
    expect(JSON.stringify(json)).not.toContain(password);
  });

  test("oidcc-claims-essential", async () => {
    const { accessToken } = await tester.signIn(client, {
      claims: JSON.stringify({ userinfo: { name: { essential: true } } }),
    });
    // The id token was checked: it has no such claim.
    expect((await tester.userinfo(accessToken)).json["name"]).toBe(person.name);
  });

  test.each([
    ["oidcc-display-page", { display: "page" }],
    ["oidcc-display-popup", { display: "popup" }],
    ["oidcc-ui-locales", { ui_locales: "se" }],
    ["oidcc-claims-locales", { claims_locales: "se" }],
    ["oidcc-login-hint", { login_hint: "nobody@example.com" }],
    ["oidcc-ensure-request-with-unknown-parameter-succeeds", { extra: "foobar" }],
  ] as const)("%s", async (_module, parameters) => {
    expect(await accessTokenFor(await tester.codeOf(tester.request(client, parameters)))).not.toBe("");
  });

  test("oidcc-ensure-request-with-acr-values-succeeds", async () => {
    const supported = provider.metadata["acr_values_supported"];
    const asked = Array.isArray(supported) ? supported.map(String) : ["1", "2"];
    const { claims } = await tester.signIn(client, { acr_values: asked.join(" ") });
    expect(supported ?? [claims["acr"]]).toContain(claims["acr"]);
  });

  test("oidcc-prompt-login", async () => {
    const browser = httpBrowser();
    const first = await tester.signIn(client, {}, { browser });
    await delay(1_100); // auth_time counts seconds
    const parameters = tester.request(client, { prompt: "login" });
    const again = await tester.authorize(parameters, { browser });
    expect(again.pages).toBeGreaterThan(0);
    const code = again.kind === "callback" ? (again.answer.get("code") ?? "") : "";
    const second = await tester.exchange(client, code);
    expect(second.claims.sub).toBe(first.claims.sub);
    // The same person's session goes on, and with it what they are signed in to.
    expect(second.claims["sid"]).toBe(first.claims["sid"]);
    // Not asked for, so that it may be absent.
    if ("auth_time" in first.claims) expect(authTimeOf(second.claims)).toBeGreaterThan(authTimeOf(first.claims));
  });

  test("oidcc-max-age-1", async () => {
    const browser = httpBrowser();
    const first = await tester.signIn(client, {}, { browser });
    await delay(2_100);
    const again = await tester.authorize(tester.request(client, { max_age: "1" }), { browser });
    expect(again.pages).toBeGreaterThan(0);
    const second = await tester.exchange(client, again.kind === "callback" ? (again.answer.get("code") ?? "") : "");
    expect(second.claims["auth_time"]).toEqual(expect.any(Number));
    expect(second.claims["auth_time"]).toBeGreaterThan(authTimeOf(first.claims));
  });

  test("oidcc-prompt-none-not-logged-in", async () => {
    const error = await tester.errorOf(tester.request(client, { prompt: "none" }));
    expect(["login_required", "interaction_required", "consent_required", "account_selection_required"]).toContain(
      error,
    );
  });

  test.each([
    ["oidcc-prompt-none-logged-in", () => ({ prompt: "none" })],
    ["oidcc-id-token-hint", (idToken: string) => ({ prompt: "none", id_token_hint: idToken })],
    ["oidcc-max-age-10000", () => ({ max_age: "10000" })],
  ] as const)("%s", async (module, second) => {
    const browser = httpBrowser();
    const maxAge = module === "oidcc-max-age-10000" ? { max_age: "10000" } : {};
    const before = await tester.signIn(client, maxAge, { browser });
    const outcome = await tester.authorize(tester.request(client, second(before.idToken)), { browser });
    expect(outcome.pages).toBe(0);
    const code = outcome.kind === "callback" ? (outcome.answer.get("code") ?? "") : "";
    const { claims } = await tester.exchange(client, code);
    expect([claims.sub, claims["auth_time"]]).toEqual([before.claims.sub, before.claims["auth_time"]]);
    if (module === "oidcc-max-age-10000") expect(claims["auth_time"]).toEqual(expect.any(Number));
  });

  test("oidcc-codereuse", async () => {
    const code = await tester.codeOf(tester.request(client));
    const { accessToken } = await tester.exchange(client, code);
    expect(await useAgain(code, accessToken)).toEqual(refused);
  });

  test("oidcc-ensure-registered-redirect-uri", async () => {
    const outcome = await tester.authorize(tester.request(client, { redirect_uri: `${client.redirectUri}/other` }));
    expect(outcome).toMatchObject({ kind: "page", status: 400 });
  });

  test("oidcc-ensure-post-request-succeeds", async () => {
    const parameters = tester.request(client);
    expect(await accessTokenFor(await tester.codeOf(parameters, { post: true }))).not.toBe("");
  });

  test("oidcc-server-client-secret-post", async () => {
    const byPost = await tester.newClient({ token_endpoint_auth_method: "client_secret_post" });
    expect((await tester.signIn(byPost)).claims.aud).toBe(byPost.clientId);
  });

  test("oidcc-ensure-request-with-valid-pkce-succeeds", async () => {
    const verifier = randomBytes(32).toString("base64url");
    const challenge = createHash("sha256").update(verifier).digest("base64url");
    const parameters = tester.request(client, { code_challenge: challenge, code_challenge_method: "S256" });
    expect(await accessTokenFor(await tester.codeOf(parameters), { code_verifier: verifier })).not.toBe("");
  });

  /** An unsigned object with the request's parameters in it. */
  const unsigned = (claims: Readonly<Record<string, unknown>>): string =>
    `${Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url")}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.`;

  test("oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported", async () => {
    const parameters = tester.request(client, { request: unsigned({ state: "inside" }) });
    expect(await tester.errorOf(parameters)).toBe("request_not_supported");
    expect(provider.metadata["request_parameter_supported"]).toBe(false);
  });

  test("oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported", async () => {
    const parameters = tester.request(client, { request_uri: "https://localhost:8443/object.jwt#fragment" });
    expect(await tester.errorOf(parameters)).toBe("request_uri_not_supported");
    expect(provider.metadata["request_uri_parameter_supported"]).toBe(false);
  });

  test("oidcc-ensure-request-object-with-redirect-uri", async () => {
    const inner = unsigned({ redirect_uri: client.redirectUri, client_id: client.clientId });
    const outer = await tester.authorize(
      tester.request(client, { redirect_uri: `${client.redirectUri}/other`, request: inner }),
    );
    expect(outer).toMatchObject({ kind: "page", status: 400 });
  });

  test("oidcc-refresh-token", async () => {
    for (const withMaxAge of [false, true]) {
      const first = await tester.signIn(client, {
        scope: "openid offline_access",
        prompt: "consent",
        ...(withMaxAge ? { max_age: "10000" } : {}),
      });
      expect(first.refreshToken).not.toBe("");
      await delay(1_100); // iat counts seconds, and must be newer
      const form = { grant_type: "refresh_token", refresh_token: first.refreshToken };
      const next = await tester.token(client, form);
      await tester.checkRefreshed(client, first, next);
      expect("auth_time" in first.claims).toBe(withMaxAge);

      const other = await tester.newClient();
      const theirs = await tester.token(other, { ...form, refresh_token: String(next.json["refresh_token"]) });
      expect([theirs.status, theirs.json["error"]]).toEqual([400, "invalid_grant"]);
    }
  });

  test("oidcc-codereuse-30seconds", async () => {
    await delay(Math.max(0, spent.at + 30_000 - performance.now()));
    expect(await useAgain(spent.code, spent.accessToken)).toEqual(refused);
  });

  /** The access token that a code gives; the tester checks the whole answer. */
  const accessTokenFor = async (code: string, form: Readonly<Record<string, string>> = {}): Promise<string> =>
    (await tester.exchange(client, code, form)).accessToken;

  /** Uses a code once more: what that answers, and what the token of the first use is still good for. */
  async function useAgain(code: string, accessToken: string): Promise<object> {
    const form = { grant_type: "authorization_code", code, redirect_uri: client.redirectUri };
    const { status, json } = await tester.token(client, form);
    return { status, error: json["error"], userinfo: (await tester.userinfo(accessToken)).status };
  }
  const refused = { status: 400, error: "invalid_grant", userinfo: 401 };
}

const authTimeOf = (claims: Readonly<Record<string, unknown>>): number => Number(claims["auth_time"] ?? 0);
