import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { BadRequestSchema } from "#gen/google/rpc/error_details_pb.ts";
import { ClientSchema } from "#gen/koder/oauth/v1/client_pb.ts";
import { clientMetadata } from "./client-metadata.ts";

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
  ] satisfies [MessageInitShape<typeof ClientSchema>, string[]][])("%j: %j", (client, fields) => {
    expect(faults(client)).toEqual(fields);
  });
});
