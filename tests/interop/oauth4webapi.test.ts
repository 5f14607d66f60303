import * as oauth from "oauth4webapi";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decideDevice, enterUserCode, registerDevice } from "../support/device.ts";
import { httpBrowser } from "../support/http-browser.ts";
import { createPerson, locationOf, password, registerClient } from "../support/relying-party.ts";
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

test("code flow with PKCE: each answer, the id token's signature, userinfo and refresh", async () => {
  const { clientId, clientSecret, redirectUri } = await registerClient(server);
  const [client, authentication] = [{ client_id: clientId }, oauth.ClientSecretBasic(clientSecret)];
  const [verifier, state, nonce] = [
    oauth.generateRandomCodeVerifier(),
    oauth.generateRandomState(),
    oauth.generateRandomNonce(),
  ];
  const url = new URL(provider.authorization_endpoint ?? "");
  url.search = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: "code",
    scope: "openid email offline_access",
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
  }).toString();
  const browser = httpBrowser();
  const page = locationOf(await browser.get(url.href), server.url);
  const authorization = page.searchParams.get("authorization") ?? "";
  const form = { authorization, username: person.username, password };
  const callback = locationOf(await browser.post(`${server.url}/sign-in`, form), server.url);
  // The library insists on `iss`, because discovery promises it (RFC 9207).
  const parameters = oauth.validateAuthResponse(provider, client, callback, state);
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
  expect(await learn(client, authentication, tokens)).toMatchObject({ scope: "openid email offline_access" });
});

test("pushed requests: the answer, and a request of no client", async () => {
  const { clientId, clientSecret, redirectUri } = await registerClient(server);
  const client = { client_id: clientId };
  const push = async (secret: string) => {
    const parameters = {
      redirect_uri: redirectUri,
      response_type: "code",
      scope: "openid",
      code_challenge: await oauth.calculatePKCECodeChallenge(oauth.generateRandomCodeVerifier()),
      code_challenge_method: "S256",
    };
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
