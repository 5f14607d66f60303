import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startProvider, type Provider } from "./support/provider.ts";

/** Every member that Discovery 1.0, RFC 8414 and the standards that extend them name. */
const known = new Set([
  "issuer",
  "authorization_endpoint",
  "token_endpoint",
  "userinfo_endpoint",
  "jwks_uri",
  "registration_endpoint",
  "scopes_supported",
  "response_types_supported",
  "response_modes_supported",
  "grant_types_supported",
  "acr_values_supported",
  "subject_types_supported",
  "id_token_signing_alg_values_supported",
  "id_token_encryption_alg_values_supported",
  "id_token_encryption_enc_values_supported",
  "userinfo_signing_alg_values_supported",
  "request_object_signing_alg_values_supported",
  "token_endpoint_auth_methods_supported",
  "token_endpoint_auth_signing_alg_values_supported",
  "display_values_supported",
  "claim_types_supported",
  "claims_supported",
  "service_documentation",
  "claims_locales_supported",
  "ui_locales_supported",
  "claims_parameter_supported",
  "request_parameter_supported",
  "request_uri_parameter_supported",
  "require_request_uri_registration",
  "op_policy_uri",
  "op_tos_uri",
  "revocation_endpoint",
  "revocation_endpoint_auth_methods_supported",
  "revocation_endpoint_auth_signing_alg_values_supported",
  "introspection_endpoint",
  "introspection_endpoint_auth_methods_supported",
  "introspection_endpoint_auth_signing_alg_values_supported",
  "code_challenge_methods_supported",
  "end_session_endpoint",
  "backchannel_logout_supported",
  "backchannel_logout_session_supported",
  "device_authorization_endpoint",
  "pushed_authorization_request_endpoint",
  "require_pushed_authorization_requests",
  "dpop_signing_alg_values_supported",
  "authorization_response_iss_parameter_supported",
  "prompt_values_supported",
  "protected_resources",
]);

describe("Config OP", () => {
  let provider: Provider;
  beforeAll(async () => {
    provider = await startProvider();
  });
  afterAll(() => provider.stop());

  test("oidcc-discovery-endpoint-verification", async () => {
    const response = await fetch(`${provider.url}/.well-known/openid-configuration`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    const metadata = (await response.json()) as Record<string, unknown>;
    expect(metadata["issuer"]).toBe(provider.url);
    for (const [name, value] of Object.entries(metadata)) {
      if (name.endsWith("_endpoint") || name === "jwks_uri") expect(value, name).toMatch(/^https:\/\//);
      if (Array.isArray(value)) expect(value.length, name).toBeGreaterThan(0);
    }
    expect(Object.keys(metadata).filter((name) => !known.has(name))).toEqual([]);
    expect(metadata["subject_types_supported"]).toContain("public");
    expect(metadata["response_types_supported"]).toContain("code");
    expect(metadata["id_token_signing_alg_values_supported"]).toContain("RS256");
    expect(metadata["scopes_supported"]).toContain("openid");
    for (const name of [
      "authorization_endpoint",
      "token_endpoint",
      "userinfo_endpoint",
      "jwks_uri",
      "claims_supported",
    ]) {
      expect(metadata, name).toHaveProperty(name);
    }
    for (const name of ["ui_locales_supported", "claims_locales_supported"]) {
      const tags = metadata[name];
      if (Array.isArray(tags)) expect(Intl.getCanonicalLocales(tags.map(String))).toEqual(tags);
    }
    const algorithms = metadata["request_object_signing_alg_values_supported"];
    if (Array.isArray(algorithms)) expect(algorithms).toContain("RS256");
    expect([metadata["request_parameter_supported"], metadata["request_uri_parameter_supported"]]).toEqual([
      false,
      false,
    ]);

    const keys = (await (await fetch(provider.endpoint("jwks_uri"))).json()) as { keys: Record<string, unknown>[] };
    expect(new Set(keys.keys.map(({ kid }) => kid)).size).toBe(keys.keys.length);
    for (const key of keys.keys) {
      expect(["RSA", "EC", "OKP"]).toContain(key["kty"]);
      for (const secret of ["d", "p", "q", "dp", "dq", "qi", "k"]) expect(key).not.toHaveProperty(secret);
    }
  });
});
