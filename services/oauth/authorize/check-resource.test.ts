import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { AuthorizationParametersSchema } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { checkResource } from "./check-resource.ts";

const check = (...resources: string[]) => checkResource(create(AuthorizationParametersSchema, { resources }));

test("absolute URIs are taken as they stand, each once; an empty one was not sent", () => {
  const uris = ["https://api.example.com/v1?x=%20", "urn:koder:mail", "https://api.example.com/"];
  expect(check(...uris, "", "urn:koder:mail")).toEqual(uris);
  expect(check()).toEqual([]);
});

test.each([
  "https://api.example.com/#part",
  "https://api.example.com/#",
  "/v1",
  "//api.example.com",
  "api.example.com",
  "https://api.example.com/a b",
  'https://api.example.com/"',
  "https://api.example.com/\u00e9",
  `https://api.example.com/${"a".repeat(2_048)}`,
])("%j is no absolute URI without a fragment (RFC 8707 §2)", (resource) => {
  expect(() => check(resource)).toThrow("resource must be an absolute URI");
});

test("more than anybody needs are refused", () => {
  const many = Array.from({ length: 21 }, (_, at) => `urn:koder:${at}`);
  expect(check(...many.slice(1))).toHaveLength(20);
  expect(() => check(...many)).toThrow("too often");
});
