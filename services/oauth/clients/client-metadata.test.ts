import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { BadRequestSchema } from "#gen/google/rpc/error_details_pb.ts";
import { ClientSchema as StoredClientSchema } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { ClientSchema } from "#gen/koder/oauth/v1/client_pb.ts";
import { clientMessage } from "./client-message.ts";
import { clientMetadata } from "./client-metadata.ts";
import { testJwk } from "./testing/test-jwk.ts";

type Case = [MessageInitShape<typeof ClientSchema>, string[]];
const publicKey = testJwk("ec", { namedCurve: "P-256" });
const localName = (field: string): string => field.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const read = (client: MessageInitShape<typeof ClientSchema>) => clientMetadata(create(ClientSchema, client));
const web = { redirectUris: ["https://app.example.com/cb"] };

/** The fields that are found wrong. */
function faults(client: MessageInitShape<typeof ClientSchema>): string[] {
  try {
    read(client);
    return [];
  } catch (error) {
    const violations = ConnectError.from(error).findDetails(BadRequestSchema)[0]?.fieldViolations ?? [];
    return violations.map(({ field }) => field);
  }
}

describe("client metadata", () => {
  test("the defaults are the standards' (RFC 7591 §2)", () => {
    expect(read(web)).toMatchObject({
      grantTypes: ["authorization_code"],
      responseTypes: ["code"],
      tokenEndpointAuthMethod: "client_secret_basic",
      applicationType: "web",
      scopes: ["openid", "profile", "email", "phone", "address", "offline_access"],
    });
    expect(read(web)).toMatchObject({
      idTokenSignedResponseAlg: "RS256",
      subjectType: "public",
      firstParty: true,
      refreshTokenOverlap: { seconds: 10n },
      refreshTokenIdleLifetime: { seconds: 14n * 86_400n },
      refreshTokenAbsoluteLifetime: { seconds: 30n * 86_400n },
      jwks: "",
    });
    expect(read(web).requirePkce).toBeUndefined();
    expect(read(web).defaultMaxAge).toBeUndefined();
    expect(read({ grantTypes: ["client_credentials"], scope: "reports.read reports.read x" })).toMatchObject({
      responseTypes: [],
      scopes: ["reports.read", "x"],
    });
  });

  test.each([
    [{}, ["redirect_uris"]],
    [{ ...web, grantTypes: ["client_credentials"] }, ["redirect_uris"]],
    [
      { ...web, grantTypes: ["authorization_code", "client_credentials"], tokenEndpointAuthMethod: "none" },
      ["grant_types"],
    ],
    [{ grantTypes: ["refresh_token"] }, ["grant_types"]],
    [{ redirectUris: ["https://a.example/cb", "http://b.example/cb"] }, ["redirect_uris[1]"]],
    [{ ...web, clientSecret: "mine" }, ["client_secret"]],
    [{ ...web, scope: 'openid "quoted"' }, ["scope"]],
    [{ ...web, clientUri: "javascript:alert(1)" }, ["client_uri"]],
    [{ ...web, policyUri: "http://a.example" }, ["policy_uri"]],
    [{ ...web, tosUri: "https://a.example/<script>" }, ["tos_uri"]],
    [{ grantTypes: ["client_credentials"], responseTypes: ["code"] }, ["response_types"]],
    [{ ...web, etag: "v1", tosUri: "x" }, ["etag", "tos_uri"]],
    ...["client_uri", "logo_uri", "policy_uri", "tos_uri", "initiate_login_uri", "jwks_uri"].flatMap((field) =>
      ["http://a.example/x", "//a.example", "https://u:p@a.example/x", "javascript:alert(1)"].map((uri): Case => [
        { ...web, [localName(field)]: uri },
        [field],
      ]),
    ),
    [{ ...web, backchannelLogoutUri: "https://a.example/x#" }, ["backchannel_logout_uri"]],
    [
      { ...web, postLogoutRedirectUris: ["https://a.example/", "https://*.example/"] },
      ["post_logout_redirect_uris[1]"],
    ],
    [{ ...web, tokenEndpointAuthMethod: "none", requirePkce: false }, ["require_pkce"]],
    [{ ...web, tokenEndpointAuthMethod: "private_key_jwt" }, ["jwks"]],
    [{ ...web, tokenEndpointAuthSigningAlg: "ES256" }, ["token_endpoint_auth_signing_alg"]],
    [{ ...web, strictAssertionAudience: true }, ["strict_assertion_audience"]],
    [{ ...web, jwks: { keys: [publicKey] }, jwksUri: "https://a.example/keys" }, ["jwks_uri"]],
    [{ ...web, refreshWithoutOfflineAccess: true }, ["refresh_without_offline_access"]],
    [{ ...web, defaultAcrValues: ["a b"] }, ["default_acr_values"]],
    [
      { subjectType: "pairwise", redirectUris: ["https://a.example/", "https://b.example/"] },
      ["sector_identifier_uri"],
    ],
  ] satisfies Case[])("%j: %j", (client, fields) => {
    expect(faults(client)).toEqual(fields);
  });

  test("ports tell no sectors apart", () => {
    const redirectUris = ["https://a.example/", "https://a.example:8443/"];
    expect(faults({ ...web, subjectType: "pairwise", redirectUris })).toEqual([]);
  });

  test("what is right is kept as it is", () => {
    const { jwks, ...kept } = {
      ...web,
      grantTypes: ["authorization_code", "refresh_token"],
      logoUri: "https://a.example/logo.png",
      contacts: ["a@a.example"],
      initiateLoginUri: "https://a.example/begin?x=1",
      jwks: { keys: [publicKey] },
      tokenEndpointAuthMethod: "private_key_jwt",
      tokenEndpointAuthSigningAlg: "ES256",
      strictAssertionAudience: true,
      idTokenSignedResponseAlg: "PS256",
      subjectType: "pairwise",
      defaultMaxAge: 0,
      requireAuthTime: true,
      defaultAcrValues: ["urn:x"],
      postLogoutRedirectUris: ["https://a.example/out"],
      backchannelLogoutUri: "https://a.example/logout",
      firstParty: false,
      requirePkce: false,
      refreshWithoutOfflineAccess: true,
      logoutEndsOfflineGrants: true,
      disabled: true,
    };
    const record = read({ ...kept, jwks });
    expect(record).toMatchObject(kept);
    expect(JSON.parse(record.jwks)).toEqual({ keys: [publicKey] });
    expect(clientMessage({ record: create(StoredClientSchema, record), version: 1 })).toMatchObject({ ...kept, jwks });
  });

  test("refresh tokens live within bounds", () => {
    expect(faults({ ...web, refreshTokenOverlap: { seconds: 61n } })).toEqual(["refresh_token_overlap"]);
    expect(faults({ ...web, refreshTokenIdleLifetime: { seconds: 59n } })).toEqual(["refresh_token_idle_lifetime"]);
    expect(faults({ ...web, refreshTokenAbsoluteLifetime: { seconds: 86_400n * 401n } })).toEqual([
      "refresh_token_absolute_lifetime",
    ]);
    expect(read({ ...web, refreshTokenOverlap: { seconds: 0n } }).refreshTokenOverlap?.seconds).toBe(0n);
  });

  test("unused refresh tokens do not outlive the last one", () => {
    const { refreshTokenIdleLifetime } = read({ ...web, refreshTokenAbsoluteLifetime: { seconds: 3_600n } });
    expect(refreshTokenIdleLifetime?.seconds).toBe(3_600n);
  });

  test("a record older than the fields has their defaults", () => {
    const old = create(StoredClientSchema, { clientId: "app", scopes: ["openid"] });
    expect(clientMessage({ record: old, version: 1 })).toMatchObject({
      idTokenSignedResponseAlg: "RS256",
      subjectType: "public",
      firstParty: true,
      refreshTokenOverlap: { seconds: 10n },
    });
  });
});
