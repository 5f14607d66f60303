import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as oidc from "openid-client";
import { createPerson, registerClient, signIn, tokenRequest } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

const algorithms = {
  RS256: {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
  PS256: { name: "RSA-PSS", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
  ES256: { name: "ECDSA", namedCurve: "P-256" },
  Ed25519: { name: "Ed25519" },
};

async function application(alg: keyof typeof algorithms, kid?: string) {
  const pair = (await crypto.subtle.generateKey(algorithms[alg], true, ["sign", "verify"])) as CryptoKeyPair;
  const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const { kty, n, e, crv, x, y } = jwk;
  const client = await registerClient(server, {
    grant_types: ["authorization_code", "refresh_token", "client_credentials"],
    token_endpoint_auth_method: "private_key_jwt",
    jwks: { keys: [{ kty, n, e, crv, x, y, ...(kid === undefined ? {} : { kid }) }] },
  });
  const key = kid === undefined ? pair.privateKey : { key: pair.privateKey, kid };
  const configuration = await oidc.discovery(new URL(server.url), client.clientId, undefined, oidc.PrivateKeyJwt(key), {
    execute: [oidc.allowInsecureRequests],
  });
  return { client, configuration };
}

describe("private_key_jwt by openid-client", () => {
  test.each(Object.keys(algorithms) as (keyof typeof algorithms)[])("%s: a token of the client's own", async (alg) => {
    const { client, configuration } = await application(alg, alg === "ES256" ? undefined : "key-1");
    expect(client.clientSecret).toBe("");
    const tokens = await oidc.clientCredentialsGrant(configuration);
    expect(tokens.token_type).toBe("bearer");
  });

  test("the code flow and a refresh", async () => {
    const { client, configuration } = await application("ES256", "key-1");
    const { username } = await createPerson(server);
    const { callback, codeVerifier } = await signIn(server, client, username);
    const tokens = await oidc.authorizationCodeGrant(configuration, callback, {
      pkceCodeVerifier: codeVerifier,
      expectedNonce: "a-nonce",
      expectedState: "a-state-that-is-long-enough",
    });
    const refreshed = await oidc.refreshTokenGrant(configuration, tokens.refresh_token ?? "");
    expect(refreshed.access_token).not.toBe(tokens.access_token);
  });

  test("such a client cannot come by another way", async () => {
    const { client } = await application("ES256");
    for (const clientSecret of ["", "guess"]) {
      const form = { grant_type: "client_credentials" };
      expect(await tokenRequest(server, { ...client, clientSecret }, form)).toMatchObject({
        status: 401,
        json: { error: "invalid_client" },
      });
    }
  });
});
