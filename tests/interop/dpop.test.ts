import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as oidc from "openid-client";
import { createPerson, registerClient, signIn } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

describe.each(["ES256", "RS256", "PS256", "Ed25519"])("DPoP by openid-client, with %s", (alg) => {
  test("code flow, userinfo and refresh of a public client", async () => {
    const client = await registerClient(server, {
      token_endpoint_auth_method: "none",
      dpop_bound_access_tokens: true,
    });
    const configuration = await oidc.discovery(new URL(server.url), client.clientId, undefined, oidc.None(), {
      execute: [oidc.allowInsecureRequests],
    });
    expect(configuration.serverMetadata().dpop_signing_alg_values_supported).toContain(alg);
    const handle = oidc.getDPoPHandle(configuration, await oidc.randomDPoPKeyPair(alg));
    const { username } = await createPerson(server);
    const { callback, codeVerifier } = await signIn(server, client, username, {
      parameters: { dpop_jkt: await handle.calculateThumbprint() },
    });
    const tokens = await oidc.authorizationCodeGrant(
      configuration,
      callback,
      { pkceCodeVerifier: codeVerifier, expectedNonce: "a-nonce", expectedState: "a-state-that-is-long-enough" },
      undefined,
      { DPoP: handle },
    );
    expect(tokens.token_type).toBe("dpop");
    const sub = tokens.claims()?.sub ?? "";
    const options = { DPoP: handle };
    expect(await oidc.fetchUserInfo(configuration, tokens.access_token, sub, options)).toMatchObject({ sub });
    const me = new URL(`${server.url}/v1/users/me`);
    const answer = await oidc.fetchProtectedResource(
      configuration,
      tokens.access_token,
      me,
      "GET",
      null,
      undefined,
      options,
    );
    expect(answer.status).toBe(200);
    const refreshed = await oidc.refreshTokenGrant(configuration, tokens.refresh_token ?? "", undefined, options);
    expect(refreshed.token_type).toBe("dpop");
    await expect(oidc.refreshTokenGrant(configuration, refreshed.refresh_token ?? "")).rejects.toMatchObject({
      error: "invalid_dpop_proof",
    });
  });
});

test("A12: a public client whose first proof comes at a refresh has its refresh tokens bound to that key from then on", async () => {
  const client = await registerClient(server, { token_endpoint_auth_method: "none" });
  const configuration = await oidc.discovery(new URL(server.url), client.clientId, undefined, oidc.None(), {
    execute: [oidc.allowInsecureRequests],
  });
  const { username } = await createPerson(server);
  const { callback, codeVerifier } = await signIn(server, client, username);
  const tokens = await oidc.authorizationCodeGrant(configuration, callback, {
    pkceCodeVerifier: codeVerifier,
    expectedNonce: "a-nonce",
    expectedState: "a-state-that-is-long-enough",
  });
  const keyHolder = async () => oidc.getDPoPHandle(configuration, await oidc.randomDPoPKeyPair());
  const [DPoP, stranger] = await Promise.all([keyHolder(), keyHolder()]);
  const bound = await oidc.refreshTokenGrant(configuration, tokens.refresh_token ?? "", undefined, { DPoP });
  expect(bound.token_type).toBe("dpop");
  for (const token of [tokens.refresh_token ?? "", bound.refresh_token ?? ""]) {
    await expect(oidc.refreshTokenGrant(configuration, token)).rejects.toMatchObject({ error: "invalid_grant" });
    await expect(oidc.refreshTokenGrant(configuration, token, undefined, { DPoP: stranger })).rejects.toMatchObject({
      error: "invalid_grant",
    });
  }
  const again = await oidc.refreshTokenGrant(configuration, bound.refresh_token ?? "", undefined, { DPoP });
  expect(again.token_type).toBe("dpop");
});
