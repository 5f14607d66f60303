import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, SignJWT, type JWK } from "jose";
import { expect } from "vitest";
import { rest } from "../../support/relying-party.ts";
import { liftPkce, type Provider } from "./provider.ts";
import type { TestClient, TokenAnswer } from "./tester.ts";

/** A client that registered itself and authenticates by private_key_jwt. */
export interface DynamicClient extends TestClient {
  /** What the registration answered. */
  readonly registered: Readonly<Record<string, unknown>>;
  /** A token request with an assertion and no client_id beside it. */
  token(form: Readonly<Record<string, string>>, assertion?: AssertionOptions): Promise<TokenAnswer>;
  /** Deletes the registration, as the suite does after each module. */
  unregister(): Promise<number>;
}

export interface AssertionOptions {
  /** Default: the token endpoint. */
  readonly audience?: string;
  readonly key?: SigningKey;
}

export interface SigningKey {
  readonly privateKey: CryptoKey;
  /** The public half, as a client publishes it. */
  readonly jwk: JWK;
  readonly kid?: string;
}

/** A new RSA key of a client; without a kid unless one is given. */
export async function signingKey(kid?: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair("RS256");
  const named = kid === undefined ? {} : { kid };
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), use: "sig", alg: "RS256", ...named }, ...named };
}

/** Registers clients of a provider, with an initial access token that may be used many times. */
export async function createRegistrar(provider: Provider) {
  await liftPkce(provider);
  const made = await rest(provider, "POST", "/v1/initial-access-tokens", { expire_time: inOneHour() });
  expect(made.status, JSON.stringify(made.json)).toBe(200);
  const initialAccessToken = String(made.json["token"]);

  /** The answer to a registration, whatever it is. */
  async function ask(metadata: Readonly<Record<string, unknown>>): Promise<TokenAnswer> {
    const response = await fetch(provider.endpoint("registration_endpoint"), {
      method: "POST",
      headers: { authorization: `Bearer ${initialAccessToken}`, "content-type": "application/json" },
      body: JSON.stringify(metadata),
    });
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    return { status: response.status, json: (await response.json()) as Record<string, unknown> };
  }

  async function register(metadata: Readonly<Record<string, unknown>> = {}, key?: SigningKey): Promise<DynamicClient> {
    const own = key ?? (await signingKey());
    const { status, json } = await ask({
      client_name: "Conformance, dynamic",
      redirect_uris: ["https://localhost:8443/test/a/koder/callback"],
      grant_types: ["authorization_code"],
      response_types: ["code"],
      token_endpoint_auth_method: "private_key_jwt",
      ...("jwks_uri" in metadata ? {} : { jwks: { keys: [own.jwk] } }),
      contacts: ["conformance@example.com"],
      ...metadata,
    });
    expect(status, JSON.stringify(json)).toBe(201);
    expect("client_secret" in json).toBe("client_secret_expires_at" in json);
    expect("registration_client_uri" in json).toBe(true);
    expect("registration_access_token" in json).toBe(true);
    const clientId = String(json["client_id"]);
    const uri = String(json["registration_client_uri"]);
    const authorization = `Bearer ${String(json["registration_access_token"])}`;
    return {
      clientId,
      clientSecret: "",
      redirectUri: (json["redirect_uris"] as string[])[0] ?? "",
      authMethod: "private_key_jwt",
      registered: json,
      async token(form, { audience = provider.endpoint("token_endpoint"), key: other = own } = {}) {
        const assertion = await new SignJWT({ jti: randomUUID() })
          .setProtectedHeader({ alg: "RS256", ...(other.kid === undefined ? {} : { kid: other.kid }) })
          .setIssuer(clientId)
          .setSubject(clientId)
          .setAudience(audience)
          .setIssuedAt()
          .setExpirationTime("60s")
          .sign(other.privateKey);
        const response = await fetch(provider.endpoint("token_endpoint"), {
          method: "POST",
          body: new URLSearchParams({
            ...form,
            client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            client_assertion: assertion,
          }),
        });
        return { status: response.status, json: (await response.json()) as Record<string, unknown> };
      },
      async unregister() {
        const response = await fetch(uri, { method: "DELETE", headers: { authorization } });
        await response.arrayBuffer();
        return response.status;
      },
    };
  }
  /** What the client's configuration endpoint answers (RFC 7592 §2.1). */
  async function read({ registered }: DynamicClient): Promise<TokenAnswer> {
    const response = await fetch(String(registered["registration_client_uri"]), {
      headers: { authorization: `Bearer ${String(registered["registration_access_token"])}` },
    });
    return { status: response.status, json: (await response.json()) as Record<string, unknown> };
  }
  return { ask, register, read };
}
export type Registrar = Awaited<ReturnType<typeof createRegistrar>>;

const inOneHour = (): string => new Date(Date.now() + 3_600_000).toISOString();
