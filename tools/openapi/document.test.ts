import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "@bufbuild/protobuf";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, test } from "vitest";
import { buildDescriptors } from "../../tests/contract/build-descriptors.ts";
import { repositoryRoot } from "../run-program.ts";
import { openApiDocument } from "./document.ts";

let document: JsonObject;
beforeAll(async () => {
  document = openApiDocument(await buildDescriptors());
});

/** The value at a path of members; undefined where there is none. */
function at(...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string | number, unknown> | undefined)?.[key], document);
}

test("is a valid OpenAPI 3.1 document, and the validator can say no", async () => {
  expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true });
  const broken = { ...structuredClone(document), paths: { "no-slash": { get: { responses: 1 } } } };
  expect((await new Validator().validate(broken)).valid).toBe(false);
});

test("is the document in the repository", () => {
  const committed: unknown = JSON.parse(readFileSync(join(repositoryRoot, "gen/openapi/openapi.json"), "utf8"));
  expect(committed).toEqual(document);
});

test("every reference leads somewhere", () => {
  const references = JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g);
  const dangling = [...references].map(([, path = ""]) => path).filter((path) => at(...path.split("/")) === undefined);
  expect(dangling).toEqual([]);
});

describe("operations", () => {
  test("bodies and answers are the resource itself, in the protos' names", () => {
    const create = ["paths", "/v1/users", "post"] as const;
    expect(at(...create, "requestBody", "content", "application/json", "schema", "$ref")).toBe(
      "#/components/schemas/User",
    );
    expect(at(...create, "responses", 200, "content", "application/json", "schema")).toEqual({
      $ref: "#/components/schemas/User",
    });
    expect(at("components", "schemas", "User", "properties", "given_name")).toMatchObject({
      type: "string",
      maxLength: 200,
    });
    expect(at("components", "schemas", "User", "properties", "givenName")).toBeUndefined();
  });

  test("fields that are neither in the path nor in the body are in the query", () => {
    expect(at("paths", "/v1/users", "post", "parameters", 0)).toMatchObject({ name: "request_id", in: "query" });
    expect(at("paths", "/v1/clients/{client_id}", "delete", "parameters")).toMatchObject([
      { name: "client_id", in: "path", required: true },
      { name: "etag", in: "query" },
    ]);
  });

  test("a PATCH needs no mask", () => {
    const mask = { name: "update_mask", in: "query", schema: { type: "string" } };
    expect(at("paths", "/v1/users/{user_id}", "patch", "parameters", 1)).toMatchObject(mask);
    expect(at("paths", "/v1/users/{user_id}", "patch", "parameters", 1, "required")).toBeUndefined();
  });

  test("a body of all fields leaves out those of the path, and says what is required", () => {
    const schema = at(
      "paths",
      "/v1/users/{user_id}/password",
      "post",
      "requestBody",
      "content",
      "application/json",
      "schema",
    );
    expect(schema).toMatchObject({ required: ["password"], additionalProperties: false });
    expect(Object.keys((schema as { properties: object }).properties)).toEqual([
      "password",
      "password_change_required",
    ]);
  });

  test("additional bindings are operations of their own", () => {
    expect(at("paths", "/v1/users/{user_id}/password", "put", "operationId")).toBe("UserService_SetUserPassword_2");
    expect(at("paths", "/v1/users/{user_id}/sessions", "get", "operationId")).toBe("SessionService_ListSessions_2");
  });

  test("the credential that is needed is named", () => {
    expect(at("paths", "/v1/users", "get", "security")).toEqual([{ bearer: [] }]);
    expect(at("paths", "/v1/admin/bootstrap", "post", "security")).toEqual([{ bootstrapToken: [] }]);
  });
});

describe("schemas", () => {
  /** Whether a value is as the document says. */
  function fits(name: string, value: unknown): boolean {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: "api", ...document });
    return ajv.validate({ $ref: `api#/components/schemas/${name}` }, value);
  }

  test("of a choice one member is enough", () => {
    const id = "01J9ZK3V5T8QW2X4Y6Z7ABCDEF";
    expect(fits("RoleAssignment", { user_id: id })).toBe(true);
    expect(fits("RoleAssignment", { client_id: "dev.koder.app" })).toBe(true);
    expect(fits("GroupMember", { member_group_id: id })).toBe(true);
    expect(fits("ClaimMapper", { claim: "plan", constant_json: "1" })).toBe(true);
    expect(fits("ClaimMapper", { constant_json: "1" })).toBe(false);
    expect(at("components", "schemas", "GroupMember", "description")).toContain(
      "Has one of `user_id`, `member_group_id`.",
    );
  });

  test("an address that may be left out may be empty, as it is in answers", () => {
    expect(fits("User", { email: "" })).toBe(true);
    expect(fits("User", { email: "ada+tag@koder.dev" })).toBe(true);
    expect(fits("User", { email: "ada" })).toBe(false);
    expect(fits("User", { email: "ada@koder.dev\r\nBcc: bob@koder.dev" })).toBe(false);
    expect(at("components", "schemas", "User", "properties", "email", "format")).toBeUndefined();
  });

  test("the domain of an address may be an internationalised one", () => {
    expect(fits("User", { email: "ana@münchen.example" })).toBe(true);
    expect(fits("User", { email: "añá@example.com" })).toBe(false);
    const start = at("paths", "/v1/me/email/change", "post", "requestBody", "content", "application/json", "schema");
    expect(start).toMatchObject({ properties: { email: { format: "idn-email" } } });
  });
});

test("what goes one way only says so", () => {
  expect(at("components", "schemas", "User", "properties", "password")).toMatchObject({ writeOnly: true });
  expect(at("components", "schemas", "User", "properties", "id")).toMatchObject({ readOnly: true });
  // Shown once, in an answer: clients that drop `writeOnly` members from answers must not lose it.
  expect(at("components", "schemas", "Client", "properties", "client_secret")).toMatchObject({ readOnly: true });
});

test("errors have the documented shape and name every reason", () => {
  const body = at("components", "responses", "Error", "content", "application/json", "schema");
  expect(body).toEqual({ $ref: "#/components/schemas/Error" });
  expect(at("components", "schemas", "Error", "properties", "error", "required")).toEqual([
    "reason",
    "message",
    "id",
    "violations",
  ]);
  const reasons = String(at("components", "schemas", "Reason", "description"));
  for (const reason of ["INVALID_REQUEST", "USER_NOT_FOUND", "CLIENT_ID_TAKEN", "BOOTSTRAP_CLOSED"])
    expect(reasons).toContain(`\`${reason}\``);
});

test("nothing internal and nothing stored is described", () => {
  const text = JSON.stringify(document);
  for (const name of ["IssueToken", "VerifyApiKey", "CredentialService", "secret_hashes", "BrowserFlowService"])
    expect(text).not.toContain(name);
});
