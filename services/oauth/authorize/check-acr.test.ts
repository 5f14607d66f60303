import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { SessionSchema } from "#gen/koder/session/v1/session_pb.ts";
import { checkAcr } from "./check-acr.ts";

const reached = create(SessionSchema, { acr: "urn:koder:acr:1fa" });
const check = (acr: unknown) => () => checkAcr({ claims: JSON.stringify({ id_token: { acr } }) }, reached);

test("an essential acr must be one that was reached (OpenID Connect Core §5.5.1.1)", () => {
  expect(check({ essential: true, values: ["urn:example:gold", "urn:koder:acr:1fa"] })).not.toThrow();
  expect(check({ essential: true, value: "urn:koder:acr:1fa" })).not.toThrow();
  expect(check({ essential: true })).not.toThrow();
  const refusal = expect.objectContaining({ code: "unmet_authentication_requirements" });
  expect(check({ essential: true, values: ["urn:example:gold"] })).toThrow(refusal);
  expect(check({ essential: true, value: "urn:example:gold" })).toThrow(refusal);
  expect(check({ essential: true, values: [] })).toThrow(refusal);
});

test("a voluntary one is a wish", () => {
  expect(check({ values: ["urn:example:gold"] })).not.toThrow();
  expect(check({ essential: false, value: "urn:example:gold" })).not.toThrow();
  expect(check(null)).not.toThrow();
  expect(() => checkAcr({ claims: "" }, reached)).not.toThrow();
});
