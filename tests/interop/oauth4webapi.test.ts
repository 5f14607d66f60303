import * as oauth from "oauth4webapi";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decideDevice, enterUserCode, registerDevice } from "../support/device.ts";
import { httpBrowser, type HttpBrowser } from "../support/http-browser.ts";
import { afterLogout, isSignedIn } from "../support/logout.ts";
import {
  createPerson,
  initialAccessToken,
  locationOf,
  password,
  registerClient,
  rest,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

// oauth4webapi 3, which leaves each step to the application: so each answer is checked by the library for itself.

let server: RunningServer;
let person: { readonly id: string; readonly username: string };
let provider: oauth.AuthorizationServer;
const loopback = { [oauth.allowInsecureRequests]: true };

beforeAll(async () => {
  server = await startServer();
  person = await createPerson(server);
  const issuer = new URL(server.url);
  provider = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, loopback));
});
afterAll(() => server?.stop());

/** Signs the person in by the pages, from the application's request to its callback, which the library has checked. */
async function signInAt(
  client: oauth.Client,
  parameters: Readonly<Record<string, string>>,
  browser: HttpBrowser = httpBrowser(),
): Promise<URLSearchParams> {
  const state = oauth.generateRandomState();
  const url = new URL(provider.authorization_endpoint ?? "");
  url.search = new URLSearchParams({ client_id: client.client_id, state, ...parameters }).toString();
  const page = locationOf(await browser.get(url.href), server.url);
  const authorization = page.searchParams.get("authorization") ?? "";
  const form = { authorization, username: person.username, password };
  const callback = locationOf(await browser.post(`${server.url}/sign-in`, form), server.url);
  // The library insists on `iss`, because discovery promises it (RFC 9207).
  return oauth.validateAuthResponse(
    provider,
    client,
    callback,
    "request_uri" in parameters ? oauth.skipStateCheck : state,
  );
}

/** The parameters of a request with a challenge, but for its state. */
const requestWith = async (redirectUri: string, verifier: string, others: Readonly<Record<string, string>> = {}) => ({
  redirect_uri: redirectUri,
  response_type: "code",
  scope: "openid email offline_access",
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  ...others,
});

/** What the id token, userinfo and a refresh say of the person. */
async function learn(client: oauth.Client, authentication: oauth.ClientAuth, tokens: oauth.TokenEndpointResponse) {
  const claims = oauth.getValidatedIdTokenClaims(tokens);
  expect(claims?.sub).toBe(person.id);
  const userinfo = await oauth.processUserInfoResponse(
    provider,
    client,
    person.id,
    await oauth.userInfoRequest(provider, client, tokens.access_token, loopback),
  );
  expect(userinfo.email).toBe(`${person.username}@koder.dev`);
  const refreshed = await oauth.processRefreshTokenResponse(
    provider,
    client,
    await oauth.refreshTokenGrantRequest(provider, client, authentication, tokens.refresh_token ?? "", loopback),
  );
  expect(oauth.getValidatedIdTokenClaims(refreshed)?.sub).toBe(person.id);
  return refreshed;
}

test("code flow with PKCE: each answer, the id token's signature, userinfo, refresh, introspection and logout", async () => {
  const { clientId, clientSecret, redirectUri } = await registerClient(server, {
    post_logout_redirect_uris: [afterLogout],
  });
  const [client, authentication] = [{ client_id: clientId }, oauth.ClientSecretBasic(clientSecret)];
  const [verifier, nonce] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomNonce()];
  const browser = httpBrowser();
  const parameters = await signInAt(client, await requestWith(redirectUri, verifier, { nonce }), browser);
  const response = await oauth.authorizationCodeGrantRequest(
    provider,
    client,
    authentication,
    parameters,
    redirectUri,
    verifier,
    loopback,
  );
  const tokens = await oauth.processAuthorizationCodeResponse(provider, client, response, {
    expectedNonce: nonce,
    requireIdToken: true,
  });
  await oauth.validateApplicationLevelSignature(provider, response, loopback);
  const refreshed = await learn(client, authentication, tokens);
  expect(refreshed.scope).toBe("openid email offline_access");
  const told = await oauth.processIntrospectionResponse(
    provider,
    client,
    await oauth.introspectionRequest(provider, client, authentication, refreshed.access_token, loopback),
  );
  expect(told).toMatchObject({ active: true, sub: person.id, client_id: clientId });
  // Of logout the library knows no more than where it is.
  const logout = new URL(provider.end_session_endpoint ?? "");
  logout.search = new URLSearchParams({
    id_token_hint: tokens.id_token ?? "",
    post_logout_redirect_uri: afterLogout,
  }).toString();
  expect(locationOf(await browser.get(logout.href), server.url).href).toBe(afterLogout);
  expect(await isSignedIn(server, { clientId, clientSecret, redirectUri }, browser)).toBe(false);
});

test("private_key_jwt, by a client that the library registers and pushes the request of", async () => {
  const { privateKey, publicKey } = await oauth.generateKeyPair("ES256", { extractable: true });
  const { kty, crv, x = "", y = "" } = await crypto.subtle.exportKey("jwk", publicKey);
  const redirectUri = "https://app.example.com/cb";
  const registered = await oauth.processDynamicClientRegistrationResponse(
    await oauth.dynamicClientRegistrationRequest(
      provider,
      {
        client_name: "Registered by oauth4webapi",
        redirect_uris: [redirectUri],
        grant_types: ["authorization_code", "refresh_token"],
        token_endpoint_auth_method: "private_key_jwt",
        jwks: { keys: [{ kty: kty ?? "", crv: crv ?? "", x, y }] },
      },
      { initialAccessToken: await initialAccessToken(server, { max_uses: 1 }), ...loopback },
    ),
  );
  expect(registered.token_endpoint_auth_method).toBe("private_key_jwt");
  // Nobody is asked for consent: that is a page of its own.
  await rest(server, "PATCH", `/v1/clients/${registered.client_id}`, { first_party: true });
  const client = { client_id: registered.client_id };
  const authentication = oauth.PrivateKeyJwt(privateKey);
  const verifier = oauth.generateRandomCodeVerifier();
  const pushed = await oauth.processPushedAuthorizationResponse(
    provider,
    client,
    await oauth.pushedAuthorizationRequest(
      provider,
      client,
      authentication,
      await requestWith(redirectUri, verifier),
      loopback,
    ),
  );
  const parameters = await signInAt(client, { request_uri: pushed.request_uri });
  const tokens = await oauth.processAuthorizationCodeResponse(
    provider,
    client,
    await oauth.authorizationCodeGrantRequest(
      provider,
      client,
      authentication,
      parameters,
      redirectUri,
      verifier,
      loopback,
    ),
    { requireIdToken: true },
  );
  await learn(client, authentication, tokens);
});

test("DPoP: nonces, bound tokens, userinfo and refresh of a public client", async () => {
  const { clientId, redirectUri } = await registerClient(server, {
    token_endpoint_auth_method: "none",
    dpop_bound_access_tokens: true,
  });
  const client: oauth.Client = { client_id: clientId };
  const authentication = oauth.None();
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
  const options = { ...loopback, DPoP };
  const verifier = oauth.generateRandomCodeVerifier();
  const parameters = await signInAt(
    client,
    await requestWith(redirectUri, verifier, { dpop_jkt: await DPoP.calculateThumbprint() }),
  );
  /** Sends a request, and once more with the nonce that the server gives. */
  async function send<T>(request: () => Promise<Response>, read: (response: Response) => Promise<T>): Promise<T> {
    try {
      return await read(await request());
    } catch (error) {
      if (!oauth.isDPoPNonceError(error)) throw error;
      return read(await request());
    }
  }
  const tokens = await send(
    () =>
      oauth.authorizationCodeGrantRequest(provider, client, authentication, parameters, redirectUri, verifier, options),
    (response) => oauth.processAuthorizationCodeResponse(provider, client, response),
  );
  expect(tokens.token_type).toBe("dpop");
  const userinfo = await send(
    () => oauth.userInfoRequest(provider, client, tokens.access_token, options),
    (response) => oauth.processUserInfoResponse(provider, client, person.id, response),
  );
  expect(userinfo.email).toBe(`${person.username}@koder.dev`);
  const refreshed = await send(
    () => oauth.refreshTokenGrantRequest(provider, client, authentication, tokens.refresh_token ?? "", options),
    (response) => oauth.processRefreshTokenResponse(provider, client, response),
  );
  expect(refreshed.token_type).toBe("dpop");
});

test("pushed requests: the answer, and a request of no client", async () => {
  const { clientId, clientSecret, redirectUri } = await registerClient(server);
  const client = { client_id: clientId };
  const push = async (secret: string) => {
    const parameters = await requestWith(redirectUri, oauth.generateRandomCodeVerifier());
    const authentication = oauth.ClientSecretBasic(secret);
    return oauth.processPushedAuthorizationResponse(
      provider,
      client,
      await oauth.pushedAuthorizationRequest(provider, client, authentication, parameters, loopback),
    );
  };
  expect(await push(clientSecret)).toMatchObject({
    request_uri: expect.stringMatching(/^urn:ietf:params:oauth:request_uri:/) as unknown,
    expires_in: expect.any(Number) as unknown,
  });
  // What says how to authenticate comes as the library's own error.
  await expect(push("wrong")).rejects.toMatchObject({ status: 401 });
});

test("device grant: the answer, the errors of waiting, the tokens", async () => {
  const { clientId } = await registerDevice(server);
  const [client, authentication] = [{ client_id: clientId }, oauth.None()];
  const waiting = await oauth.processDeviceAuthorizationResponse(
    provider,
    client,
    await oauth.deviceAuthorizationRequest(
      provider,
      client,
      authentication,
      { scope: "openid email offline_access" },
      loopback,
    ),
  );
  const ask = async () =>
    oauth.processDeviceCodeResponse(
      provider,
      client,
      await oauth.deviceCodeGrantRequest(provider, client, authentication, waiting.device_code, loopback),
    );
  await expect(ask()).rejects.toMatchObject({ error: "authorization_pending", status: 400 });
  await expect(ask()).rejects.toMatchObject({ error: "slow_down" });
  const browser = httpBrowser();
  const authorization = await enterUserCode(server, person.username, waiting.user_code, browser);
  await decideDevice(server, browser, authorization, "allow");
  await learn(client, authentication, await ask());
});
