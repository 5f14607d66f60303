import { expect, test } from "vitest";
import { MfaRequirement } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { isAnotherSignInNeeded, isSecondFactorWanted, secondFactorNeed } from "./second-factor-need.ts";

const { NEVER, OPTIONAL, REQUIRED } = MfaRequirement;

test.each([
  // requirement, wanted, there → a sign-in asks for; a session of one factor is not enough
  [NEVER, false, false, "nothing", false],
  [NEVER, false, true, "nothing", false],
  [NEVER, true, false, "nothing", false],
  [NEVER, true, true, "show", true],
  [OPTIONAL, false, false, "nothing", false],
  [OPTIONAL, false, true, "show", false],
  [OPTIONAL, true, false, "nothing", false],
  [OPTIONAL, true, true, "show", true],
  [REQUIRED, false, false, "add", true],
  [REQUIRED, false, true, "show", true],
  [REQUIRED, true, false, "add", true],
  [REQUIRED, true, true, "show", true],
] as const)(
  "requirement %d, wanted %s, there %s: %s; another sign-in: %s",
  (requirement, isWanted, isThere, need, again) => {
    expect(secondFactorNeed({ requirement, isWanted, isThere })).toBe(need);
    expect(isAnotherSignInNeeded({ requirement, isWanted, isThere })).toBe(again);
  },
);

test("whoever needs another sign-in is asked for a second factor in it, so that it is enough", () => {
  const cases = [NEVER, OPTIONAL, REQUIRED].flatMap((requirement) =>
    [false, true].flatMap((isWanted) => [false, true].map((isThere) => ({ requirement, isWanted, isThere }))),
  );
  const again = cases.filter(isAnotherSignInNeeded);
  expect(again).toHaveLength(6);
  expect(again.filter((one) => secondFactorNeed(one) === "nothing")).toEqual([]);
});

test.each([
  [[], false],
  [["urn:example:gold"], false],
  [["urn:koder:acr:1fa"], false],
  [["urn:koder:acr:mfa"], true],
  [["urn:example:gold", "urn:koder:acr:mfa"], true],
  [["urn:koder:acr:mfa", "urn:koder:acr:1fa"], false],
])("acr_values %j: a second factor is wanted: %s", (values, wanted) => {
  expect(isSecondFactorWanted(values)).toBe(wanted);
});
