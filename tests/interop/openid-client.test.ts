import * as oidc from "openid-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decideDevice, enterUserCode, registerDevice } from "../support/device.ts";
import { httpBrowser } from "../support/http-browser.ts";
import { afterLogout, isSignedIn } from "../support/logout.ts";
import { createPerson, locationOf, password, registerClient } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

// openid-client 6, as an application uses it: unmodified, and told of nothing but the issuer and its registration.

let server: RunningServer;
let person: { readonly id: string; readonly username: string };
beforeAll(async () => {
  server = await startServer();
  person = await createPerson(server);
});
afterAll(() => server?.stop());

const discover = (clientId: string, authentication: oidc.ClientAuth) =>
  oidc.discovery(new URL(server.url), clientId, undefined, authentication, { execute: [oidc.allowInsecureRequests] });

/** Signs the person in by the pages, from the application's URL to its callback; answers what the page showed, too. */
async function signInAt(
  url: URL,
  browser = httpBrowser(),
): Promise<{ readonly callback: URL; readonly shown: string }> {
  const page = locationOf(await browser.get(url.href), server.url);
  const shown = await (await browser.get(page.href)).text();
  const authorization = page.searchParams.get("authorization") ?? "";
  const answer = await browser.post(`${server.url}/sign-in`, { authorization, username: person.username, password });
  return { callback: locationOf(answer, server.url), shown };
}

test.each([
  ["client_secret_basic", (secret: string) => oidc.ClientSecretBasic(secret)],
  ["client_secret_post", (secret: string) => oidc.ClientSecretPost(secret)],
  ["none", () => oidc.None()],
])(
  "code flow with PKCE, userinfo, refresh, introspection, revocation and logout, client authentication %s",
  async (method, authentication) => {
    const { clientId, clientSecret, redirectUri } = await registerClient(server, {
      token_endpoint_auth_method: method,
      post_logout_redirect_uris: [afterLogout],
    });
    const browser = httpBrowser();
    const config = await discover(clientId, authentication(clientSecret));
    const [codeVerifier, state, nonce] = [oidc.randomPKCECodeVerifier(), oidc.randomState(), oidc.randomNonce()];
    const { callback } = await signInAt(
      oidc.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: "openid profile email offline_access",
        state,
        nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: "S256",
      }),
      browser,
    );
    // Checks state, iss, nonce, the id token's signature and claims.
    const tokens = await oidc.authorizationCodeGrant(config, callback, {
      pkceCodeVerifier: codeVerifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
    });
    expect(tokens.claims()?.sub).toBe(person.id);
    const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, person.id);
    expect(userinfo).toMatchObject({ name: "A Person", email: `${person.username}@koder.dev` });
    const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? "");
    expect(refreshed.claims()?.sub).toBe(person.id);
    expect(refreshed.refresh_token).not.toBe(tokens.refresh_token);
    expect(await oidc.fetchUserInfo(config, refreshed.access_token, person.id)).toMatchObject({ sub: person.id });
    if (method !== "none") {
      // Only a client that authenticates may ask (RFC 7662 §2.1).
      const told = await oidc.tokenIntrospection(config, refreshed.access_token);
      expect(told).toMatchObject({ active: true, sub: person.id, client_id: clientId });
    }
    await oidc.tokenRevocation(config, refreshed.refresh_token ?? "");
    await expect(oidc.fetchUserInfo(config, refreshed.access_token, person.id)).rejects.toMatchObject({ status: 401 });
    const logout = oidc.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token ?? "",
      post_logout_redirect_uri: afterLogout,
      state,
    });
    expect(locationOf(await browser.get(logout.href), server.url).href).toBe(`${afterLogout}?state=${state}`);
    expect(await isSignedIn(server, { clientId, clientSecret, redirectUri }, browser)).toBe(false);
  },
);

test("a pushed request (RFC 9126): the browser carries nothing but its URI", async () => {
  const { clientId, clientSecret, redirectUri } = await registerClient(server, {
    require_pushed_authorization_requests: true,
  });
  const config = await discover(clientId, oidc.ClientSecretBasic(clientSecret));
  const [codeVerifier, state] = [oidc.randomPKCECodeVerifier(), oidc.randomState()];
  const url = await oidc.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: redirectUri,
    scope: "openid email",
    state,
    code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: "S256",
  });
  expect([...url.searchParams.keys()].toSorted()).toEqual(["client_id", "request_uri"]);
  const { callback } = await signInAt(url);
  const tokens = await oidc.authorizationCodeGrant(config, callback, {
    pkceCodeVerifier: codeVerifier,
    expectedState: state,
    idTokenExpected: true,
  });
  expect(tokens.claims()?.sub).toBe(person.id);
});

test("what else an application may ask for: max_age, login_hint, a scope and a parameter that nobody knows", async () => {
  const { clientId, clientSecret, redirectUri } = await registerClient(server);
  const config = await discover(clientId, oidc.ClientSecretBasic(clientSecret));
  const codeVerifier = oidc.randomPKCECodeVerifier();
  const { callback, shown } = await signInAt(
    oidc.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: "openid offline_access nobody-knows-it",
      max_age: "600",
      login_hint: person.username,
      display: "popup",
      anything: "else",
      code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: "S256",
    }),
  );
  expect(shown).toContain(`value="${person.username}"`);
  const tokens = await oidc.authorizationCodeGrant(config, callback, {
    pkceCodeVerifier: codeVerifier,
    maxAge: 600,
    idTokenExpected: true,
  });
  expect(tokens.scope).toBe("openid offline_access");
  const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? "");
  const { auth_time: authTime } = tokens.claims() ?? {};
  expect([authTime, refreshed.claims()]).toEqual([
    expect.any(Number),
    expect.objectContaining({ auth_time: authTime }),
  ]);
});

test("what it asks for in vain: the person's password, and documents that have not changed", async () => {
  const { clientId, clientSecret } = await registerClient(server);
  const config = await discover(clientId, oidc.ClientSecretBasic(clientSecret));
  const asked = oidc.genericGrantRequest(config, "password", { username: person.username, password });
  await expect(asked).rejects.toMatchObject({ error: "unsupported_grant_type", status: 400 });
  for (const url of [`${server.url}/.well-known/openid-configuration`, config.serverMetadata().jwks_uri ?? ""]) {
    const etag = (await fetch(url)).headers.get("etag") ?? "";
    expect((await fetch(url, { headers: { "if-none-match": etag } })).status, url).toBe(304);
  }
});

test("an error comes to the application by its callback", async () => {
  const { clientId, clientSecret, redirectUri } = await registerClient(server);
  const config = await discover(clientId, oidc.ClientSecretBasic(clientSecret));
  const state = oidc.randomState();
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: "openid",
    prompt: "none",
    state,
    code_challenge: await oidc.calculatePKCECodeChallenge(oidc.randomPKCECodeVerifier()),
    code_challenge_method: "S256",
  });
  const callback = locationOf(await httpBrowser().get(url.href), server.url);
  const grant = oidc.authorizationCodeGrant(config, callback, { expectedState: state });
  await expect(grant).rejects.toMatchObject({ error: "login_required" });
});

test("client credentials", async () => {
  const metadata = { grant_types: ["client_credentials"], redirect_uris: [], scope: "reports" };
  const { clientId, clientSecret } = await registerClient(server, metadata);
  const config = await discover(clientId, oidc.ClientSecretBasic(clientSecret));
  expect(await oidc.clientCredentialsGrant(config, { scope: "reports" })).toMatchObject({ scope: "reports" });
});

test("device grant", { timeout: 60_000 }, async () => {
  const { clientId } = await registerDevice(server);
  const config = await discover(clientId, oidc.None());
  const waiting = await oidc.initiateDeviceAuthorization(config, { scope: "openid email offline_access" });
  const polled = oidc.pollDeviceAuthorizationGrant(config, waiting);
  const browser = httpBrowser();
  const authorization = await enterUserCode(server, person.username, waiting.user_code, browser);
  expect((await decideDevice(server, browser, authorization, "allow")).status).toBe(200);
  const tokens = await polled;
  expect(tokens.claims()?.sub).toBe(person.id);
  const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? "");
  const userinfo = await oidc.fetchUserInfo(config, refreshed.access_token, person.id);
  expect(userinfo.email).toBe(`${person.username}@koder.dev`);
});
