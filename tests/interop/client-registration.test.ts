import * as openid from "openid-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { httpBrowser } from "../support/http-browser.ts";
import { createPerson, initialAccessToken, locationOf, password, rest } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

const redirectUri = "https://app.example.com/cb";

test.each([
  ["client_secret_basic", openid.ClientSecretBasic],
  ["client_secret_post", openid.ClientSecretPost],
  ["none", openid.None],
])("openid-client registers a client with %s and signs a person in with it", async (method, authentication) => {
  const config = await openid.dynamicClientRegistration(
    new URL(server.url),
    {
      client_name: "Registered by openid-client",
      redirect_uris: [redirectUri],
      grant_types: ["authorization_code", "refresh_token"],
      token_endpoint_auth_method: method,
    },
    authentication(),
    {
      initialAccessToken: await initialAccessToken(server, { max_uses: 1 }),
      execute: [openid.allowInsecureRequests],
    },
  );
  const metadata = config.clientMetadata();
  expect(metadata).toMatchObject({ token_endpoint_auth_method: method, subject_type: "public" });
  // Nobody is asked for consent: that is a page of its own.
  await rest(server, "PATCH", `/v1/clients/${metadata.client_id}`, { first_party: true });

  const { username } = await createPerson(server);
  const [codeVerifier, state] = [openid.randomPKCECodeVerifier(), openid.randomState()];
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: "openid email offline_access",
    state,
    code_challenge: await openid.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: "S256",
  });
  const browser = httpBrowser();
  const page = locationOf(await browser.get(url.href), server.url);
  const authorization = page.searchParams.get("authorization") ?? "";
  const callback = await browser.post(`${server.url}/sign-in`, { authorization, username, password });
  const tokens = await openid.authorizationCodeGrant(config, locationOf(callback, server.url), {
    pkceCodeVerifier: codeVerifier,
    expectedState: state,
  });
  const sub = tokens.claims()?.sub ?? "";
  expect(await openid.fetchUserInfo(config, tokens.access_token, sub)).toMatchObject({
    email: `${username}@koder.dev`,
  });
});
