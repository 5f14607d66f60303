import { expect, test } from "vitest";
import { claimsAmong, claimsOfScopes, scopesOfClaims } from "./claims-of-scopes.ts";
import { userClaimNames } from "./user-claims.ts";

test("a scope asks for its claims, all fourteen of profile", () => {
  expect(claimsOfScopes(["profile"]).toSorted()).toEqual(
    [
      "name family_name given_name middle_name nickname preferred_username profile picture website gender birthdate",
      "zoneinfo locale updated_at",
    ]
      .join(" ")
      .split(" ")
      .toSorted(),
  );
  expect(claimsOfScopes(["openid", "email", "offline_access", "constructor"])).toEqual(["email", "email_verified"]);
  expect(claimsOfScopes(["profile", "email", "phone", "address"]).toSorted()).toEqual(userClaimNames.toSorted());
  expect(claimsOfScopes(["groups", "roles"])).toEqual(["groups", "roles"]);
});

test("each is carried by one scope; what tells nothing of a person is carried by none", () => {
  for (const claim of [...userClaimNames, "roles", "groups"]) expect(scopesOfClaims([claim]), claim).toHaveLength(1);
  expect(scopesOfClaims(["email_verified", "name", "email", "sub", "constructor"])).toEqual(["profile", "email"]);
  expect(claimsAmong(["email", "name", "sub"], claimsOfScopes(["profile"]))).toEqual(["name"]);
});
