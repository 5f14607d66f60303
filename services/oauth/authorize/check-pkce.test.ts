import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ClientSchema } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { AuthorizationParametersSchema } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { checkPkce } from "./check-pkce.ts";

const challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const check = (
  client: { readonly tokenEndpointAuthMethod: string; readonly requirePkce?: boolean },
  codeChallenge: string,
  codeChallengeMethod: string,
  requirePkceOfConfidentialClients = true,
) =>
  checkPkce(
    create(ClientSchema, client),
    { requirePkceOfConfidentialClients },
    create(AuthorizationParametersSchema, { codeChallenge, codeChallengeMethod }),
  );
const confidential = { tokenEndpointAuthMethod: "client_secret_basic" };
const open = { tokenEndpointAuthMethod: "none" };

test("a challenge is needed, unless that was lifted for a confidential client (security A10)", () => {
  expect(() => check(confidential, "", "")).toThrow("code_challenge is missing");
  expect(() => check({ ...confidential, requirePkce: true }, "", "")).toThrow("code_challenge is missing");
  expect(check({ ...confidential, requirePkce: false }, "", "")).toBe("");
  expect(() => check(open, "", "")).toThrow("code_challenge is missing");
  expect(() => check({ ...open, requirePkce: false }, "", ""), "never for a public one").toThrow("is missing");
});

test("a tenant may lift it for its confidential clients, but for those that say otherwise", () => {
  expect(check(confidential, "", "", false)).toBe("");
  expect(() => check({ ...confidential, requirePkce: true }, "", "", false)).toThrow("code_challenge is missing");
  expect(() => check(open, "", "", false), "never for a public one").toThrow("code_challenge is missing");
});

test.each([confidential, open, { ...confidential, requirePkce: false }])("what is sent must be S256: %j", (client) => {
  expect(check(client, challenge, "S256")).toBe(challenge);
  expect(() => check(client, challenge, "plain")).toThrow("must be S256");
  expect(() => check(client, challenge, "")).toThrow("must be S256");
  expect(() => check(client, `${challenge}=`, "S256")).toThrow("43 characters");
  expect(() => check(client, "", "S256"), "a method without a challenge").toThrow("is missing");
});
