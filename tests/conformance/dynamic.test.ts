import { setTimeout as delay } from "node:timers/promises";
import { createLocalJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { httpBrowser } from "../support/http-browser.ts";
import { rest } from "../support/relying-party.ts";
import { createRegistrar, signingKey, type DynamicClient, type Registrar } from "./support/dynamic-client.ts";
import { startProvider, type Provider } from "./support/provider.ts";
import { startReceiver, type Receiver } from "./support/receiver.ts";
import { createTester, type Tester, type Tokens } from "./support/tester.ts";

// The modules that want implicit response types and request objects are not here: docs/conformance.md says why.
describe("Dynamic OP", () => {
  let provider: Provider;
  let receiver: Receiver;
  let origin: string;
  let tester: Tester;
  let registrar: Registrar;
  /** Its module, the last one, refreshes with the new key once the old ones may be fetched again. */
  let rotated: Awaited<ReturnType<typeof signInAndRotate>>;
  beforeAll(async () => {
    const port = await freePort();
    origin = `https://localhost:${port}`;
    provider = await startProvider({ receivers: [port] });
    receiver = await startReceiver(port, provider.authority.issue("client"));
    tester = createTester(provider);
    registrar = await createRegistrar(provider);
    rotated = await signInAndRotate();
  });
  afterAll(async () => {
    await provider.stop();
    await receiver.stop();
  });

  /** A client that has signed somebody in, and whose `jwks_uri` has another key since. */
  async function signInAndRotate() {
    const [before, after] = [await signingKey("before"), await signingKey("after")];
    receiver.serve.set("/rotated", { type: "application/json", body: JSON.stringify({ keys: [before.jwk] }) });
    const client = await registrar.register(
      { jwks_uri: `${origin}/rotated`, grant_types: ["authorization_code", "refresh_token"] },
      before,
    );
    const { refreshToken } = await signIn(client, { scope: "openid offline_access", prompt: "consent" });
    receiver.serve.set("/rotated", { type: "application/json", body: JSON.stringify({ keys: [after.jwk] }) });
    return { client, refreshToken, after, at: performance.now() };
  }

  async function signIn(
    client: DynamicClient,
    changes: Readonly<Record<string, string | undefined>> = {},
    how: Parameters<DynamicClient["token"]>[1] = {},
  ): Promise<Tokens> {
    const parameters = tester.request(client, changes);
    const code = await tester.codeOf(parameters);
    const redirect_uri = parameters.get("redirect_uri") ?? "";
    const { status, json } = await client.token({ grant_type: "authorization_code", code, redirect_uri }, how);
    expect(status, JSON.stringify(json)).toBe(200);
    return tester.checkedTokens(client, json, "a nonce of this test");
  }

  test("oidcc-discovery-endpoint-verification", () => {
    // The module wants the implicit response types listed. Nothing is listed that does not work: a known failure.
    expect(provider.metadata["response_types_supported"]).toEqual(["code"]);
    expect(provider.metadata["grant_types_supported"]).not.toContain("implicit");
  });

  test("what is registered is deleted again", async () => {
    const client = await registrar.register();
    expect(await client.unregister()).toBe(204);
    expect((await client.token({ grant_type: "client_credentials" })).json["error"]).toBe("invalid_client");
  });

  test("oidcc-server", async () => {
    const client = await registrar.register();
    expect((await signIn(client)).claims.aud).toBe(client.clientId);
  });

  test("oidcc-idtoken-rs256", async () => {
    const client = await registrar.register({ id_token_signed_response_alg: "RS256" });
    expect((await signIn(client)).header.alg).toBe("RS256");
  });

  test("oidcc-idtoken-unsigned", async () => {
    const { status } = await registrar.ask({
      redirect_uris: ["https://localhost:8443/cb"],
      id_token_signed_response_alg: "none",
    });
    expect(status).toBe(400);
  });

  test("oidcc-ensure-client-assertion-with-iss-aud-succeeds", async () => {
    const client = await registrar.register();
    expect((await signIn(client, {}, { audience: provider.url })).claims.aud).toBe(client.clientId);
  });

  test("oidcc-userinfo-rs256", async () => {
    expect(provider.metadata["userinfo_signing_alg_values_supported"]).toContain("RS256");
    const client = await registrar.register({ userinfo_signed_response_alg: "RS256" });
    const { accessToken, claims } = await signIn(client);
    const response = await fetch(provider.endpoint("userinfo_endpoint"), {
      headers: { authorization: `Bearer ${accessToken}`, accept: "application/json" },
    });
    expect(response.headers.get("content-type")).toMatch(/^application\/jwt/);
    const { payload } = await jwtVerify(await response.text(), createLocalJWKSet(await tester.keys()), {
      issuer: provider.url,
      audience: client.clientId,
      algorithms: ["RS256"],
    });
    expect(payload.sub).toBe(claims.sub);
    expect(payload).not.toHaveProperty("nonce");
  });

  test("oidcc-ensure-redirect-uri-in-authorization-request", async () => {
    const client = await registrar.register({
      redirect_uris: ["https://localhost:8443/test/a/koder/callback", "https://other.example.com/callback"],
    });
    const outcome = await tester.authorize(tester.request(client, { redirect_uri: undefined }));
    expect(outcome).toMatchObject({ kind: "page", status: 400 });
  });

  const plain = "https://localhost:8443/test/a/koder/callback";
  test("oidcc-redirect-uri-query-OK", async () => {
    const client = await registrar.register({ redirect_uris: [`${plain}?foo=bar`] });
    const outcome = await tester.authorize(tester.request(client));
    expect(outcome.kind === "callback" && outcome.url.searchParams.get("foo")).toBe("bar");
  });

  test.each([
    ["oidcc-redirect-uri-query-mismatch", `${plain}?foo=bar`, `${plain}?foo=baz`],
    ["oidcc-redirect-uri-query-added", plain, `${plain}?foo=bar`],
  ])("%s", async (_module, registered, redirect_uri) => {
    const client = await registrar.register({ redirect_uris: [registered] });
    const outcome = await tester.authorize(tester.request(client, { redirect_uri }));
    expect(outcome).toMatchObject({ kind: "page", status: 400 });
  });

  test("oidcc-redirect-uri-regfrag", async () => {
    const { status, json } = await registrar.ask({ redirect_uris: ["https://localhost:8443/callback#fragment"] });
    expect([status, json["error"]]).toEqual([400, "invalid_redirect_uri"]);
  });

  /** The first page that a browser is shown where a client asks for a sign-in. */
  async function firstPage(metadata: Record<string, unknown>) {
    const client = await registrar.register(metadata);
    const browser = httpBrowser();
    const endpoint = provider.endpoint("authorization_endpoint");
    const first = await browser.get(`${endpoint}?${tester.request(client).toString()}`);
    const page = await browser.get(new URL(first.headers.get("location") ?? "", provider.url).href);
    return { browser, html: await page.text() };
  }

  test("oidcc-registration-logo-uri", async () => {
    const png = Buffer.from(
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
      "base64",
    );
    receiver.serve.set("/logo.png", { type: "image/png", body: png });
    const { browser, html } = await firstPage({ logo_uri: `${origin}/logo.png` });
    const [, source = ""] = /<img[^>]*\ssrc="([^"]*logo[^"]*)"/.exec(html) ?? [];
    expect(new URL(source, provider.url).origin).toBe(provider.url);
    const logo = await browser.get(new URL(source.replaceAll("&amp;", "&"), provider.url).href);
    expect(logo.headers.get("content-type")).toBe("image/png");
    expect(Buffer.from(await logo.arrayBuffer())).toEqual(png);
  });

  test.each([
    ["oidcc-registration-policy-uri", "policy_uri", "https://localhost:8443/policy"],
    ["oidcc-registration-tos-uri", "tos_uri", "https://terms.example.org/tos"],
  ])("%s", async (_module, member, uri) => {
    expect((await firstPage({})).html).not.toContain(`href="${uri}"`);
    expect((await firstPage({ [member]: uri })).html).toContain(`href="${uri}"`);
  });

  test("oidcc-registration-jwks-uri", async () => {
    const key = await signingKey("first");
    receiver.serve.set("/jwks", { type: "application/json", body: JSON.stringify({ keys: [key.jwk] }) });
    const client = await registrar.register({ jwks_uri: `${origin}/jwks` }, key);
    expect((await signIn(client)).claims.aud).toBe(client.clientId);
  });

  const ofSector = ["https://one.example.com/cb", "https://two.example.com/cb"];
  const pairwise = { subject_type: "pairwise", redirect_uris: ofSector };
  test("oidcc-registration-sector-uri", async () => {
    receiver.serve.set("/sector", { type: "application/json", body: JSON.stringify(ofSector) });
    const client = await registrar.register({ ...pairwise, sector_identifier_uri: `${origin}/sector` });
    const { claims } = await signIn(client);
    expect(claims.sub).not.toBe((await signIn(await registrar.register())).claims.sub);
  });

  test("oidcc-registration-sector-bad", async () => {
    receiver.serve.set("/sector-bad", { type: "application/json", body: JSON.stringify(ofSector.slice(1)) });
    const { status, json } = await registrar.ask({ ...pairwise, sector_identifier_uri: `${origin}/sector-bad` });
    expect([status, json["error"]]).toEqual([400, "invalid_client_metadata"]);
  });

  test("oidcc-server-rotate-keys", async () => {
    const client = await registrar.register();
    const before = (await tester.keys()).keys;
    expect((await rest(provider, "POST", "/v1/admin/keys/rotate", {})).status).toBe(200);
    let after = before;
    const isNew = ({ kid }: { kid?: string }) => !before.some((key) => key.kid === kid);
    // The key set may be as old as five seconds.
    await expect
      .poll(async () => (after = (await tester.keys()).keys).some(isNew), { timeout: 10_000, interval: 500 })
      .toBe(true);
    const newcomers = after.filter(isNew);
    for (const { kty } of newcomers) expect(["RSA", "EC"]).toContain(kty);
    expect(before.some(({ kid }) => after.some((key) => key.kid === kid))).toBe(true);
    await signIn(client);
  });

  test("oidcc-refresh-token", async () => {
    const metadata = { grant_types: ["authorization_code", "refresh_token"] };
    const client = await registrar.register(metadata);
    const first = await signIn(client, { scope: "openid offline_access", prompt: "consent" });
    await delay(1_100); // iat counts seconds, and must be newer
    const form = { grant_type: "refresh_token", refresh_token: first.refreshToken };
    const next = await client.token(form);
    await tester.checkRefreshed(client, first, next);
    const other = await registrar.register(metadata);
    const theirs = await other.token({ ...form, refresh_token: String(next.json["refresh_token"]) });
    expect([theirs.status, theirs.json["error"]]).toEqual([400, "invalid_grant"]);
  });

  test("oidcc-refresh-token-rp-key-rotation", { timeout: 150_000 }, async () => {
    const { client, refreshToken, after, at } = rotated;
    await delay(Math.max(0, at + 61_000 - performance.now()));
    const form = { grant_type: "refresh_token", refresh_token: refreshToken };
    const { status, json } = await client.token(form, { key: after });
    expect(status, JSON.stringify(json)).toBe(200);
  });
});

describe("Third-Party-Initiated Login OP", () => {
  let provider: Provider;
  let registrar: Registrar;
  beforeAll(async () => {
    provider = await startProvider();
    registrar = await createRegistrar(provider);
  });
  afterAll(() => provider.stop());

  test("oidcc-3rd-party-init-login", async () => {
    const uri = "https://localhost:8443/test/a/koder/initiate";
    const client = await registrar.register({ initiate_login_uri: uri });
    expect(client.registered["initiate_login_uri"]).toBe(uri);
    expect((await registrar.read(client)).json["initiate_login_uri"]).toBe(uri);
  });

  test("oidcc-3rd-party-init-login-nohttps", async () => {
    const { status, json } = await registrar.ask({
      redirect_uris: ["https://localhost:8443/test/a/koder/callback"],
      initiate_login_uri: "http://localhost:8443/test/a/koder/initiate",
    });
    expect([status, json["error"]]).toEqual([400, "invalid_client_metadata"]);
  });
});
