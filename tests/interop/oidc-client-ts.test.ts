import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createRequire } from "node:module";
import { join } from "node:path";
import type * as library from "oidc-client-ts";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import { createPerson, password, registerClient } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

// oidc-client-ts as a single-page application has it: its own bundle for browsers, in Chromium, on an origin that is not ours.

/** What the bundle is called in the page. */
declare const oidc: typeof library;

let server: RunningServer;
let browser: Browser;
let application: Server;
let page: Page;
let person: { readonly id: string; readonly username: string };
let settings: library.UserManagerSettings;

beforeAll(async () => {
  [server, browser, application] = await Promise.all([startServer(), launchBrowser(), startApplication()]);
  person = await createPerson(server);
  const origin = `http://localhost:${(application.address() as AddressInfo).port}`;
  const client = await registerClient(server, {
    redirect_uris: [`${origin}/callback`],
    token_endpoint_auth_method: "none",
    post_logout_redirect_uris: [`${origin}/signed-out`],
  });
  settings = {
    authority: server.url,
    client_id: client.clientId,
    redirect_uri: `${origin}/callback`,
    post_logout_redirect_uri: `${origin}/signed-out`,
    scope: "openid profile email offline_access",
    loadUserInfo: true,
    automaticSilentRenew: false,
  };
  page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(origin);
}, 240_000);
afterAll(async () => {
  await browser?.close();
  application?.closeAllConnections();
  application?.close();
  await server?.stop();
});

/** The application: one page at every path, with the library. */
async function startApplication(): Promise<Server> {
  const entry = createRequire(import.meta.url).resolve("oidc-client-ts");
  const bundle = readFileSync(join(entry, "../../browser/oidc-client-ts.min.js"));
  const html = '<!doctype html><title>application</title><script src="/oidc-client-ts.js"></script>';
  const started = createServer((request, response) => {
    const isScript = request.url === "/oidc-client-ts.js";
    response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
    response.end(isScript ? bundle : html);
  });
  started.listen(0, "127.0.0.1");
  await once(started, "listening");
  return started;
}

test("signs in with PKCE, by a redirect; reads userinfo, refreshes without the person, and signs out", async () => {
  // Not waited for: it leaves the page.
  await page.evaluate((manager) => void new oidc.UserManager(manager).signinRedirect(), settings);
  await page.waitForURL(/\/sign-in/);
  await page.fill("input[name=username]", person.username);
  await page.fill("input[name=password]", password);
  await page.click("button[type=submit]");
  await page.waitForURL(/\/callback/);
  const signedIn = await page.evaluate(async (manager) => {
    const user = await new oidc.UserManager(manager).signinRedirectCallback();
    return { profile: user.profile, accessToken: user.access_token, scope: user.scope };
  }, settings);
  expect(signedIn.profile).toMatchObject({ sub: person.id, email: `${person.username}@koder.dev`, name: "A Person" });
  expect(signedIn.scope).toBe("openid profile email offline_access");
  const renewed = await page.evaluate(async (manager) => {
    const user = await new oidc.UserManager(manager).signinSilent();
    return { sub: user?.profile.sub, accessToken: user?.access_token };
  }, settings);
  expect(renewed.sub).toBe(person.id);
  expect(renewed.accessToken).not.toBe(signedIn.accessToken);
  await page.evaluate((manager) => void new oidc.UserManager(manager).signoutRedirect({ state: "was here" }), settings);
  await page.waitForURL(/\/signed-out/);
  const signedOut = await page.evaluate(async (manager) => {
    const { userState, error } = await new oidc.UserManager(manager).signoutRedirectCallback();
    return { userState, error };
  }, settings);
  expect(signedOut).toEqual({ userState: "was here", error: null });
});

test("binds its tokens to a key that never leaves the browser (DPoP), and refreshes with it", async () => {
  const origin = new URL(page.url()).origin;
  const { clientId } = await registerClient(server, {
    redirect_uris: [`${origin}/callback`],
    token_endpoint_auth_method: "none",
    dpop_bound_access_tokens: true,
  });
  // Userinfo is left out: the library asks it with a bearer token only.
  const bound = { ...settings, client_id: clientId, loadUserInfo: false };
  await page.evaluate(
    (manager) =>
      void new oidc.UserManager({
        ...manager,
        dpop: { bind_authorization_code: true, store: new oidc.IndexedDbDPoPStore() },
      }).signinRedirect(),
    bound,
  );
  await page.waitForURL(/\/sign-in/);
  await page.fill("input[name=username]", person.username);
  await page.fill("input[name=password]", password);
  await page.click("button[type=submit]");
  await page.waitForURL(/\/callback/);
  const user = await page.evaluate(async (manager) => {
    const dpop = { bind_authorization_code: true, store: new oidc.IndexedDbDPoPStore() };
    const signedIn = await new oidc.UserManager({ ...manager, dpop }).signinRedirectCallback();
    const renewed = await new oidc.UserManager({ ...manager, dpop }).signinSilent();
    return { types: [signedIn.token_type, renewed?.token_type], sub: renewed?.profile.sub };
  }, bound);
  expect(user).toEqual({ types: ["DPoP", "DPoP"], sub: person.id });
});
