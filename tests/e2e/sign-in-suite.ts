import { createRemoteJWKSet, jwtVerify } from "jose";
import * as oidc from "openid-client";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startApplication, type Application } from "../support/application.ts";
import type { RunningServer } from "../support/server.ts";
import type { Shape } from "../support/shapes.ts";

const password = "correct horse battery staple";
const scope = "openid profile email offline_access";

/**
 * What an ordinary application and a real browser see of signing in, whatever the shape of the product: one server for all
 * of it, and a browser that several shapes may share.
 */
export function signInSuite({ start }: Shape, launched: () => Browser): void {
  let server: RunningServer;
  let browser: Browser;
  let userId: string;

  /** A call to the REST API with the first API key. */
  async function api(path: string, body: unknown): Promise<Record<string, string>> {
    const response = await fetch(`${server.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.adminApiKey}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(response.status, await response.clone().text()).toBe(200);
    return (await response.json()) as Record<string, string>;
  }

  /** An application with a client of its own, confidential or public. */
  function application(name: string, confidential: boolean): Promise<Application> {
    return startApplication(async (callbackUrl) => {
      const client = await api("/v1/clients", {
        client_id: `dev.koder.${name}-${Math.random().toString(36).slice(2)}`,
        client_name: name,
        redirect_uris: [callbackUrl],
        grant_types: ["authorization_code", "refresh_token"],
        token_endpoint_auth_method: confidential ? "client_secret_basic" : "none",
      });
      return {
        issuer: server.url,
        clientId: client["client_id"] ?? "",
        ...(confidential ? { clientSecret: client["client_secret"] ?? "" } : {}),
        scope,
      };
    });
  }

  beforeAll(async () => {
    browser = launched();
    server = await start();
    const user = await api("/v1/users", {
      username: "alice",
      email: "alice@koder.dev",
      email_verified: true,
      name: "Alice Example",
      password,
    });
    userId = user["id"] ?? "";
  });
  afterAll(() => server?.stop());

  describe("signing in to an ordinary application with a real browser", () => {
    let context: BrowserContext;
    let page: Page;
    let app: Application;
    beforeAll(async () => {
      context = await browser.newContext({ reducedMotion: "reduce" });
      context.setDefaultTimeout(30_000);
      page = await context.newPage();
    });
    afterAll(() => context?.close());
    // As in a browser that was never there, except for the files that it keeps.
    beforeEach(async () => {
      await context.clearCookies();
      app = await application("Chat", true);
    });
    afterEach(() => app.stop());

    async function signIn(to = app, secret = password, name = "alice", where = page): Promise<void> {
      await where.goto(`${to.origin}/login`);
      await where.fill("input[name=username]", name);
      await where.fill("input[name=password]", secret);
      await where.click("button[type=submit]");
    }
    const arrived = (to = app, where = page) => where.waitForURL((url) => url.href.startsWith(to.callbackUrl));

    test("the person signs in, and the tokens are what the standards say", async () => {
      await signIn();
      await arrived();
      expect(await page.textContent("#sub")).toBe(userId);

      const { tokens } = app.signedIn();
      const metadata = app.config.serverMetadata();
      const keys = createRemoteJWKSet(new URL(metadata.jwks_uri ?? ""));
      const access = await jwtVerify(tokens.access_token, keys, {
        issuer: server.url,
        audience: server.url,
        typ: "at+jwt",
        algorithms: ["RS256"],
      });
      expect(access.payload).toMatchObject({ sub: userId, client_id: app.config.clientMetadata().client_id, scope });
      expect((access.payload.exp ?? 0) - (access.payload.iat ?? 0)).toBe(900);
      const id = await jwtVerify(tokens.id_token ?? "", keys, {
        issuer: server.url,
        audience: app.config.clientMetadata().client_id,
        algorithms: ["RS256"],
      });
      expect(id.payload["sid"]).toBe(access.payload["sid"]);
      expect(id.payload).toMatchObject({ sub: userId, amr: ["pwd"], acr: expect.stringMatching(/./) });
      expect(Object.keys(id.payload)).not.toContain("email");

      const claims = await oidc.fetchUserInfo(app.config, tokens.access_token, userId);
      expect(claims).toMatchObject({
        sub: userId,
        name: "Alice Example",
        preferred_username: "alice",
        email: "alice@koder.dev",
        email_verified: true,
      });
    });

    test("a refresh gives new tokens, and a replayed refresh token ends the family", async () => {
      await signIn();
      await arrived();
      const first = app.signedIn().tokens;
      const second = await oidc.refreshTokenGrant(app.config, first.refresh_token ?? "");
      expect(second.refresh_token).not.toBe(first.refresh_token);
      const third = await oidc.refreshTokenGrant(app.config, second.refresh_token ?? "");
      expect(await oidc.fetchUserInfo(app.config, third.access_token, userId)).toMatchObject({ sub: userId });

      await expect(oidc.refreshTokenGrant(app.config, first.refresh_token ?? "")).rejects.toMatchObject({
        error: "invalid_grant",
        status: 400,
      });
      await expect(oidc.refreshTokenGrant(app.config, third.refresh_token ?? "")).rejects.toMatchObject({
        error: "invalid_grant",
      });
      await expect(oidc.fetchUserInfo(app.config, third.access_token, userId)).rejects.toMatchObject({ status: 401 });
    });

    test("a second application needs no password, and a public client works as well", async () => {
      const other = await application("Mail", false);
      try {
        await signIn();
        await arrived();
        await page.goto(`${other.origin}/login`);
        await arrived(other);
        expect(await page.textContent("#sub")).toBe(userId);
        const { tokens } = other.signedIn();
        expect(tokens.claims()?.["sid"]).toBe(app.signedIn().tokens.claims()?.["sid"]);
        const refreshed = await oidc.refreshTokenGrant(other.config, tokens.refresh_token ?? "");
        expect(refreshed.access_token).not.toBe(tokens.access_token);
      } finally {
        await other.stop();
      }
    });

    test("prompt=login asks for the password again, prompt=none does not ask at all", async () => {
      await page.goto(`${app.origin}/login?prompt=none`);
      await arrived();
      expect(await page.textContent("body")).toContain("login_required");
      await signIn();
      await arrived();
      await page.goto(`${app.origin}/login?prompt=none`);
      await arrived();
      expect(await page.textContent("#sub")).toBe(userId);
      await page.goto(`${app.origin}/login?prompt=login`);
      await page.waitForSelector("input[name=password]");
    });

    test("a wrong password is refused, the name is kept and the password is not", async () => {
      await signIn(app, "not the password at all");
      await page.waitForSelector("[role=alert]");
      expect(await page.inputValue("input[name=username]")).toBe("alice");
      expect(await page.inputValue("input[name=password]")).toBe("");
      expect(() => app.signedIn()).toThrow("nobody has signed in");
      await page.fill("input[name=password]", password);
      await page.click("button[type=submit]");
      await arrived();
      expect(await page.textContent("#sub")).toBe(userId);
    });

    test("an unknown person gets the same answer as a wrong password", async () => {
      await signIn(app, "not the password at all", "alice");
      const known = await page.textContent("[role=alert] p");
      await signIn(app, "not the password at all", "nobody");
      expect(await page.textContent("[role=alert] p")).toBe(known);
    });

    test("signing in works without JavaScript", async () => {
      const plain = await browser.newContext({ javaScriptEnabled: false, reducedMotion: "reduce" });
      const inPlain = await plain.newPage();
      await signIn(app, password, "alice", inPlain);
      await arrived(app, inPlain);
      expect(await inPlain.textContent("#sub")).toBe(userId);
      await plain.close();
    });

    /** Takes the person to a code for this verifier's challenge, without redeeming it. */
    async function codeFor(codeVerifier: string): Promise<URL> {
      const url = oidc.buildAuthorizationUrl(app.config, {
        redirect_uri: app.callbackUrl,
        scope,
        state: "a-state-that-is-long-enough",
        code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: "S256",
      });
      const cookies = (await context.cookies(server.url)).map(({ name, value }) => `${name}=${value}`).join("; ");
      const response = await fetch(url, { redirect: "manual", headers: { cookie: cookies } });
      expect(response.status).toBe(303);
      return new URL(response.headers.get("location") ?? "");
    }
    const redeem = (callback: URL, codeVerifier: string) =>
      oidc.authorizationCodeGrant(app.config, callback, {
        pkceCodeVerifier: codeVerifier,
        expectedState: "a-state-that-is-long-enough",
      });

    test("a wrong verifier is refused, and the right one still works", async () => {
      await signIn();
      await arrived();
      const verifier = oidc.randomPKCECodeVerifier();
      const callback = await codeFor(verifier);
      await expect(redeem(callback, oidc.randomPKCECodeVerifier())).rejects.toMatchObject({ error: "invalid_grant" });
      expect((await redeem(callback, verifier)).token_type).toBe("bearer");
    });

    test("a replayed code is refused, and what it gave is revoked", async () => {
      await signIn();
      await arrived();
      const verifier = oidc.randomPKCECodeVerifier();
      const callback = await codeFor(verifier);
      const tokens = await redeem(callback, verifier);
      expect(await oidc.fetchUserInfo(app.config, tokens.access_token, userId)).toMatchObject({ sub: userId });
      await expect(redeem(callback, verifier)).rejects.toMatchObject({ error: "invalid_grant", status: 400 });
      await expect(oidc.fetchUserInfo(app.config, tokens.access_token, userId)).rejects.toMatchObject({ status: 401 });
      await expect(oidc.refreshTokenGrant(app.config, tokens.refresh_token ?? "")).rejects.toMatchObject({
        error: "invalid_grant",
      });
    });
  });

  test("the owner signs in with the first password and must choose another", async () => {
    const app = await application("Console", false);
    const context = await browser.newContext({ reducedMotion: "reduce" });
    const page = await context.newPage();
    await page.goto(`${app.origin}/login`);
    await page.fill("input[name=username]", "admin");
    await page.fill("input[name=password]", server.adminPassword);
    await page.click("button[type=submit]");
    await page.waitForSelector("input[name=new_password]");
    await page.fill("input[name=new_password]", "too short");
    await page.click("button[type=submit]");
    await page.waitForSelector("[role=alert]");
    await page.fill("input[name=new_password]", "a much better pass phrase");
    await page.click("button[type=submit]");
    await page.waitForURL((url) => url.href.startsWith(app.callbackUrl));
    expect(await page.textContent("#sub")).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
    await context.close();
    await app.stop();
  });
}
