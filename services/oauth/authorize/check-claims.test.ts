import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { AuthorizationParametersSchema } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { checkClaims, claimsFor } from "./check-claims.ts";
import { readClaims, valuesOf, writeClaims } from "./claims-request.ts";

const check = (claims: string) => checkClaims(create(AuthorizationParametersSchema, { claims }));

test("the example of the standard is taken as it stands (OpenID Connect Core §5.5)", () => {
  const example = {
    userinfo: {
      given_name: { essential: true },
      nickname: null,
      "https://example.info/claims/groups": null,
    },
    id_token: {
      auth_time: { essential: true },
      acr: { values: ["urn:mace:incommon:iap:silver"] },
    },
  };
  expect(check(JSON.stringify(example))).toEqual(example);
});

test("claims of a person are left where the client may have their scope, and all others are", () => {
  const asked = check(
    JSON.stringify({ userinfo: { email: null, name: null, x: null }, id_token: { sub: null, email: null } }),
  );
  expect(claimsFor({ scopes: ["openid", "profile"] }, asked)).toEqual({
    userinfo: { name: null, x: null },
    id_token: { sub: null },
  });
  expect(claimsFor({ scopes: ["profile", "email"] }, asked)).toEqual(asked);
  expect(claimsFor({ scopes: ["email"] }, {})).toEqual({});
});

test("nothing is asked for by nothing", () => {
  expect(check("")).toEqual({});
  expect(check("{}")).toEqual({});
  expect(writeClaims(check("{}"))).toBe("");
});

test("members that the standard does not know are passed over", () => {
  expect(check('{"x":1,"userinfo":{"name":{"essential":true,"purpose":"why"}}}')).toEqual({
    userinfo: { name: { essential: true } },
  });
});

test.each([
  ["{", "must be JSON"],
  ["[]", "JSON object"],
  ["null", "JSON object"],
  ['"name"', "JSON object"],
  ['{"userinfo":[]}', "object as userinfo"],
  ['{"id_token":"name"}', "object as id_token"],
  ['{"userinfo":{"name":true}}', "null or an object"],
  ['{"userinfo":{"name":{"essential":"yes"}}}', "true or false as essential"],
  ['{"id_token":{"acr":{"values":"1"}}}', "an array as values"],
  [JSON.stringify({ userinfo: Object.fromEntries(Array.from({ length: 101 }, (_, at) => [at, null])) }), "more than"],
  [`{"userinfo":{"a":{"values":[${"1e20,".repeat(900)}1]}}}`, "too long"],
])("%j is refused", (claims, why) => {
  expect(() => check(claims)).toThrow(OAuthRefusal);
  expect(() => check(claims)).toThrow(why);
});

test("whatever is sent, it is refused or kept, and what is kept is read back", () => {
  const claim = fc.oneof(
    fc.constant(null),
    fc.record(
      { essential: fc.boolean(), value: fc.jsonValue(), values: fc.array(fc.jsonValue()) },
      { requiredKeys: [] },
    ),
    fc.jsonValue(),
  );
  const member = fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("__proto__", "sub", "acr")), claim);
  const claims = fc.oneof(
    fc.string(),
    fc.record({ userinfo: member, id_token: member }, { requiredKeys: [] }).map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(claims, (text) => {
      try {
        const checked = check(text);
        expect(JSON.parse(JSON.stringify(readClaims(writeClaims(checked))))).toEqual(
          JSON.parse(JSON.stringify(checked)),
        );
      } catch (error) {
        expect(error).toBeInstanceOf(OAuthRefusal);
      }
    }),
    { numRuns: 200 },
  );
});

test("the values that a claim may have", () => {
  expect(valuesOf(undefined)).toBeUndefined();
  expect(valuesOf(null)).toBeUndefined();
  expect(valuesOf({ essential: true })).toBeUndefined();
  expect(valuesOf({ value: "a" })).toEqual(["a"]);
  expect(valuesOf({ values: ["a", "b"] })).toEqual(["a", "b"]);
});
