import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import passport from "passport";
import OpenIDConnectStrategy, { type VerifyCallback } from "passport-openidconnect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { httpBrowser, type HttpBrowser } from "../support/http-browser.ts";
import { afterLogout, requestLogout } from "../support/logout.ts";
import { createPerson, password, registerClient, type RelyingParty } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { leads } from "./led-browser.ts";

// passport-openidconnect sends no PKCE challenge: it works for a confidential client whose administrator has lifted it, and for
// no other. Passport itself runs as its middleware, on Node's own server.

/** What the application keeps of a person who signed in. */
interface User {
  readonly issuer: string;
  readonly profile: { readonly id: string; readonly displayName: string };
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly idToken: string;
}

let server: RunningServer;
let application: Server;
let origin: string;
let person: { readonly id: string; readonly username: string };
beforeAll(async () => {
  server = await startServer();
  person = await createPerson(server);
  application = createServer(answer);
  application.listen(0, "127.0.0.1");
  await once(application, "listening");
  origin = `http://localhost:${(application.address() as AddressInfo).port}`;
});
afterAll(async () => {
  application?.closeAllConnections();
  application?.close();
  await server?.stop();
});

/** The sessions of the application: one, because one browser at a time comes. */
let session = {};

/** `/<strategy>` begins a sign-in, `/<strategy>/callback` ends it; the answer is what the application learnt, or what went wrong. */
function answer(request: IncomingMessage, response: Parameters<Parameters<typeof createServer>[1] & object>[1]): void {
  const url = new URL(request.url ?? "/", origin);
  const [, strategy = ""] = url.pathname.split("/");
  const end = (status: number, document: object) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(document));
  };
  const told = Object.assign(request, { query: Object.fromEntries(url.searchParams), session });
  const finish = (error: Error | null, user: User | false | null) =>
    error === null && user !== false && user !== null
      ? end(200, user)
      : end(403, { error: error?.message ?? "refused" });
  const middleware = passport.authenticate(strategy, { session: false }, finish) as (...of: unknown[]) => void;
  middleware(told, response, (error: Error) => end(500, { error: error.message }));
}

/** A registered client, and the application's strategy for it. */
async function registered(name: string, metadata: Record<string, unknown>): Promise<RelyingParty> {
  const callbackURL = `${origin}/${name}/callback`;
  const client = await registerClient(server, {
    redirect_uris: [callbackURL],
    token_endpoint_auth_method: "client_secret_post",
    ...metadata,
  });
  const { clientId, clientSecret } = client;
  const options = {
    issuer: server.url,
    authorizationURL: `${server.url}/oauth/v2/authorize`,
    tokenURL: `${server.url}/oauth/v2/token`,
    userInfoURL: `${server.url}/oidc/v1/userinfo`,
    clientID: clientId,
    clientSecret,
    callbackURL,
    scope: ["profile", "email", "offline_access"],
  };
  // The library asks userinfo only for a function that takes it by itself, of nine parameters.
  const verify = (
    issuer: string,
    uiProfile: object,
    _idProfile: object,
    _context: object,
    idToken: string | object,
    accessToken: string | object,
    refreshToken: string,
    _parameters: unknown,
    done: VerifyCallback,
  ) => done(null, { issuer, profile: uiProfile, accessToken, refreshToken, idToken });
  passport.use(name, new OpenIDConnectStrategy(options, verify));
  return client;
}

/** From the application's link to where the server leads the browser next. */
async function begin(name: string, browser: HttpBrowser): Promise<URL> {
  session = {};
  const at = leads(await browser.get(`${origin}/${name}`));
  return new URL(leads(await browser.get(at)), server.url);
}

test("a confidential client without PKCE signs in, with userinfo and a refresh token, and out", async () => {
  const client = await registered("lifted", { require_pkce: false, post_logout_redirect_uris: [afterLogout] });
  const browser = httpBrowser();
  const page = await begin("lifted", browser);
  const authorization = page.searchParams.get("authorization") ?? "";
  const form = { authorization, username: person.username, password };
  const callback = leads(await browser.post(`${server.url}/sign-in`, form));
  const answered = await browser.get(callback);
  const user = (await answered.json()) as User;
  expect(answered.status, JSON.stringify(user)).toBe(200);
  expect(user).toMatchObject({ issuer: server.url, profile: { id: person.id, displayName: "A Person" } });
  // What the library leaves to the application: to refresh, and to lead the browser to the end of the session.
  const refreshed = await fetch(`${server.url}/oauth/v2/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: user.refreshToken,
      client_id: client.clientId,
      client_secret: client.clientSecret,
    }),
  });
  expect(refreshed.status, await refreshed.text()).toBe(200);
  const hint = { id_token_hint: user.idToken, post_logout_redirect_uri: afterLogout };
  expect(leads(await requestLogout(server, browser, hint))).toBe(afterLogout);
  const back = await begin("lifted", browser);
  expect(back.pathname).toBe("/sign-in");
});

test("by default a challenge is asked of it, and its error comes to the application", async () => {
  await registered("usual", {});
  const browser = httpBrowser();
  const callback = await begin("usual", browser);
  expect(callback.origin).toBe(origin);
  const answered = await browser.get(callback.href);
  expect([answered.status, await answered.text()]).toEqual([403, expect.stringContaining("code_challenge is missing")]);
});
