import { create } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { beforeEach, describe, expect, test } from "vitest";
import { TenantSchema } from "#gen/koder/admin/v1/tenant_pb.ts";
import { ClientSchema } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { ClientAuthenticationSchema } from "#gen/koder/oauth/v1/token_internal_pb.ts";
import { ProofService, UseProofResponseSchema } from "#gen/koder/session/v1/proof_internal_pb.ts";
import { createPeers } from "../../host/peers.ts";
import { testCall } from "../../host/testing/handler-context.ts";
import { authenticateClient } from "./authenticate-client.ts";
import { policyWithDefaults } from "../policy/oauth-policies.ts";
import { createClientKeys } from "./client-keys.ts";
import { testSigner, type TestSigner } from "../../vault/testing/test-signer.ts";

const issuer = "https://id.example";
const now = 1_700_000_000_000;
const seconds = now / 1000;
const signer = testSigner("1");
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

let client: ReturnType<typeof newClient>;
let used: Set<string>;
beforeEach(() => {
  client = newClient();
  policy = usual;
  used = new Set();
});
const newClient = () =>
  create(ClientSchema, {
    clientId: "app",
    tokenEndpointAuthMethod: "private_key_jwt",
    jwks: JSON.stringify({ keys: [signer.jwk] }),
  });

/** Stands for the session service, whose own tests say what using up is. */
const proofs = {
  async unary(method, _signal, _timeout, _header, input) {
    if (method.name !== ProofService.method.useProof.name) throw new Error(`nobody answers ${method.name}`);
    const { proofId = "" } = input as { proofId?: string };
    const message = create(UseProofResponseSchema, { first: !used.has(proofId) });
    used.add(proofId);
    return { stream: false, service: method.parent, method, header: new Headers(), trailer: new Headers(), message };
  },
  stream: () => Promise.reject(new Error("no streams here")),
} as Transport;

const claims = () => ({ iss: "app", sub: "app", aud: issuer, exp: seconds + 60, iat: seconds, jti: "j" });

const usual = policyWithDefaults();
let policy = usual;

async function authenticated(
  assertion: string,
  { beside = [], endpoint, type = assertionType }: { beside?: object[]; endpoint?: string; type?: string } = {},
): Promise<string> {
  const tenants = async () => create(TenantSchema, { id: "t1", active: true, canonicalOrigin: issuer });
  const needs = {
    clients: {
      get: async () => client,
      current: async () => client,
      isThere: async () => true,
      forget: () => undefined,
    },
    vault: { tenant: () => Promise.reject(new Error("no secret is looked at")) } as never,
    tenants: { get: tenants, lookup: tenants },
    oauthPolicies: { get: async () => policy, forget: () => undefined },
    peers: createPeers(() => proofs),
    clientKeys: createClientKeys({ outbound: {} as never, clock: () => now }),
    clock: () => now,
  };
  const sent = [
    create(ClientAuthenticationSchema, {
      method: "private_key_jwt",
      clientAssertion: assertion,
      clientAssertionType: type,
    }),
    ...beside.map((one) => create(ClientAuthenticationSchema, one)),
  ];
  try {
    return (await authenticateClient(needs, testCall(), sent, endpoint)).clientId;
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return `${String(error.code)}: ${error.message}`;
  }
}
const signed = (change: object = {}, header: object = {}, by: TestSigner = signer) =>
  by.sign({ ...claims(), ...change }, header);

describe("private_key_jwt", () => {
  test("is good by itself, and beside the client_id that it names", async () => {
    expect(await authenticated(signed())).toBe("app");
    expect(await authenticated(signed({ jti: "k" }), { beside: [{ method: "none", clientId: "app" }] })).toBe("app");
    for (const [jti, typ] of ["JWT", "jwt", "client-authentication+jwt"].entries()) {
      expect(await authenticated(signed({ jti: `t${jti}` }, { typ }))).toBe("app");
    }
  });

  test("A13: is good once for its client", async () => {
    expect(await authenticated(signed())).toBe("app");
    expect(await authenticated(signed())).toContain("was used before");
    expect(await authenticated(signed({ exp: seconds + 90 }))).toContain("was used before");
  });

  test("what is refused is not used up", async () => {
    expect(await authenticated(signed({}, {}, testSigner("1")))).toContain("was not signed with a key of the client");
    expect(used.size).toBe(0);
  });

  test("names the issuer, the token endpoint, or the endpoint where it is, and nobody beside", async () => {
    const at = (aud: unknown, endpoint = "/oauth/v2/token") =>
      authenticated(
        signed({
          aud,
          jti: JSON.stringify([aud, endpoint, client.strictAssertionAudience, policy.strictAssertionAudience]),
        }),
        {
          endpoint,
        },
      );
    const [token, par] = [`${issuer}/oauth/v2/token`, `${issuer}/oauth/v2/par`];
    expect(await at(token)).toBe("app");
    expect(await at(token, "/oauth/v2/par")).toBe("app");
    expect(await at(par, "/oauth/v2/par")).toBe("app");
    for (const aud of [par, [issuer], [issuer, "https://other.example"], `${issuer}/`, "", undefined, 1]) {
      expect(await at(aud)).toMatch(/^invalid_client: .*aud/);
    }
    const expectIssuerOnly = async (): Promise<void> => {
      expect(await at(issuer)).toBe("app");
      expect(await at(token)).toMatch(/^invalid_client: .*aud/);
      expect(await at(par, "/oauth/v2/par")).toMatch(/^invalid_client: .*aud/);
    };
    client.strictAssertionAudience = true;
    await expectIssuerOnly();
    client.strictAssertionAudience = false;
    policy = { ...usual, strictAssertionAudience: true };
    await expectIssuerOnly();
  });

  test.each<[string, object, object]>([
    ["must have an exp", { exp: undefined }, {}],
    ["must have an exp", { exp: "1" }, {}],
    ["has expired", { exp: seconds }, {}],
    ["must expire within an hour", { exp: seconds + 3_661 }, {}],
    ["must not have an iat in the future", { iat: seconds + 61 }, {}],
    ["must not have an nbf in the future", { nbf: seconds + 61 }, {}],
    ["must have a time as iat", { iat: "now" }, {}],
    ["must have a jti", { jti: undefined }, {}],
    ["must have a jti", { jti: "" }, {}],
    ["must have a jti", { jti: 1 }, {}],
    ["must have a jti", { jti: "x".repeat(257) }, {}],
    ["must have the client_id as iss and as sub", { iss: "other" }, {}],
    ["must have the client_id as iss and as sub", { sub: undefined, iss: undefined }, {}],
    ["must be signed with", {}, { alg: "none" }],
    ["must be signed with", {}, { alg: "HS256" }],
    ["must be signed with", {}, { crit: ["exp"] }],
    ["must have the typ JWT", {}, { typ: "dpop+jwt" }],
    ["must have the typ JWT", {}, { typ: "at+jwt" }],
    ["was not signed with a key", {}, { kid: "2" }],
    ["was not signed with a key", {}, { alg: "EdDSA" }],
  ])("%s: %j %j", async (sentence, change, header) => {
    const said = await authenticated(signed(change, header));
    expect(said).toMatch(/^invalid_client: client_assertion /);
    expect(said).toContain(sentence);
  });

  test("the algorithm is the registered one, where one is", async () => {
    client.tokenEndpointAuthSigningAlg = "PS256";
    expect(await authenticated(signed())).toContain("must be signed with PS256");
    client.tokenEndpointAuthSigningAlg = "ES256";
    expect(await authenticated(signed())).toBe("app");
  });

  test("exactly one method, and the registered one", async () => {
    for (const method of ["client_secret_basic", "client_secret_post"]) {
      const beside = [{ method, clientId: "app", clientSecret: "s" }];
      expect(await authenticated(signed(), { beside })).toMatch(/^invalid_request: more than one/);
    }
    const other = [{ method: "none", clientId: "other" }];
    expect(await authenticated(signed(), { beside: other })).toMatch(/^invalid_request: client_id differs/);
    expect(await authenticated("", {})).toBe("invalid_request: client_assertion is missing");
    expect(await authenticated(signed(), { type: "urn:other" })).toMatch(/^invalid_request: client_assertion_type/);
    expect(await authenticated("a.b.c")).toBe("invalid_client: client_assertion is no JWT");
    client.tokenEndpointAuthMethod = "client_secret_basic";
    expect(await authenticated(signed())).toBe("invalid_client: client authentication failed");
  });
});
