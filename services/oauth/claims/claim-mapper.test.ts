import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { UserSchema } from "#gen/koder/identity/v1/user_pb.ts";
import { ClaimMapperSchema } from "#gen/koder/oauth/v1/claim_mapper_pb.ts";
import { claimMapperFaults, claimMapperMessages, storedClaimMappers } from "./claim-mapper.ts";
import { mappedClaims, mappersFor, readMemberships, readUser } from "./mapped-claims.ts";
import { membershipClaims } from "./person.ts";

type Init = MessageInitShape<typeof ClaimMapperSchema>;
const mapper = (init: Init) => create(ClaimMapperSchema, { inAccessToken: true, ...init });
const constant = (claim: string, value: string, more: Init = {}) =>
  mapper({ claim, source: { case: "constantJson", value }, ...more });
const attribute = (claim: string, value: string, more: Init = {}) =>
  mapper({ claim, source: { case: "userAttribute", value }, ...more });
const faultsOf = (...mappers: ReturnType<typeof mapper>[]) =>
  claimMapperFaults(mappers, "claim_mappers").map(({ field }) => field);

test("what is declared well has no fault, and is kept as it is", () => {
  const mappers = [
    constant("plan", '"gold"'),
    constant("plan", '{"level":1}', { scope: "premium" }),
    attribute("https://example.com/nick", "nickname"),
  ];
  expect(faultsOf(...mappers)).toEqual([]);
  expect(claimMapperMessages(storedClaimMappers(mappers))).toEqual(mappers);
});

test.each(
  "sub aud iss scope authorization_details client_id tenant_id gid epoch roles cnf acr email email_verified active sid".split(
    " ",
  ),
)("the claim %s is for others to say", (claim) => {
  expect(faultsOf(constant(claim, "true"))).toEqual(["claim_mappers[0].claim"]);
});

test("a claim twice, nowhere to go, and a constant that is no claim are faults", () => {
  expect(faultsOf(constant("plan", "1"), attribute("plan", "name"))).toEqual(["claim_mappers[1].claim"]);
  expect(faultsOf(constant("plan", "1", { inAccessToken: false }))).toEqual(["claim_mappers[0].in_id_token"]);
  const nested = (depth: number) => "[".repeat(depth) + "1" + "]".repeat(depth);
  const changed = ["1e400", "[-1e400]", '"\\ud800"', '{"\\ud800":1}', '{"a":["\\udc00"]}', nested(17)];
  for (const value of ["null", '""', "[]", "{}", "gold", "", ...changed]) {
    expect([value, faultsOf(constant("plan", value))]).toEqual([value, ["claim_mappers[0].constant_json"]]);
  }
  for (const value of ["0", "false", "1e300", '"\\ud83d\\ude00"', "[null]", nested(16)]) {
    expect([value, faultsOf(constant("plan", value))]).toEqual([value, []]);
  }
  const kept = storedClaimMappers([constant("plan", "1e400"), constant("tier", "2")]);
  expect(mappedClaims(kept, undefined)).toEqual({ tier: 2 });
});

test("claims go where they are meant to, for the scopes given, and without what is not known", () => {
  const mappers = storedClaimMappers([
    constant("plan", '["a",1]'),
    constant("tier", "2", { scope: "premium" }),
    constant("page", "true", { inAccessToken: false, inUserinfo: true }),
    attribute("nick", "nickname"),
    attribute("home", "address"),
  ]);
  const user = { user: create(UserSchema, { nickname: "An" }), roles: [], groups: [] };
  const access = mappersFor(mappers, "inAccessToken", ["openid"]);
  expect(mappedClaims(access, user)).toEqual({ plan: ["a", 1], nick: "An" });
  expect(mappedClaims(access, undefined)).toEqual({ plan: ["a", 1] });
  expect(readUser(access)).toBe(true);
  expect(mappedClaims(mappersFor(mappers, "inAccessToken", ["premium"]), user)).toEqual({
    plan: ["a", 1],
    tier: 2,
    nick: "An",
  });
  const userinfo = mappersFor(mappers, "inUserinfo", []);
  expect([mappedClaims(userinfo, user), readUser(userinfo)]).toEqual([{ page: true }, false]);
});

test("roles and groups are attributes, and claims where scopes of their names were given; never empty", () => {
  const mappers = storedClaimMappers([attribute("teams", "groups"), attribute("duties", "roles")]);
  const person = { user: create(UserSchema), roles: [], groups: ["a", "b"] };
  expect([readMemberships(mappers), readMemberships([])]).toEqual([true, false]);
  expect(mappedClaims(mappers, person)).toEqual({ teams: ["a", "b"] });
  expect(membershipClaims(person, ["openid", "roles", "groups"])).toEqual({ groups: ["a", "b"] });
  expect([membershipClaims(person, ["openid"]), membershipClaims(undefined, ["groups"])]).toEqual([{}, {}]);
});
