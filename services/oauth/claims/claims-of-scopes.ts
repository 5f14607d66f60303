import { membershipScopes } from "../scopes.ts";
import type { MembershipClaim } from "./person.ts";
import { userClaimNames, type UserClaim } from "./user-claims.ts";

/** A claim that tells something of a person. */
export type PersonClaim = UserClaim | MembershipClaim;

/** The claims that each scope asks for: those of OpenID Connect Core §5.4, and roles and groups by scopes of their names. */
const claimsOfScope: ReadonlyMap<string, readonly PersonClaim[]> = new Map<string, readonly PersonClaim[]>([
  ["profile", userClaimNames.slice(0, userClaimNames.indexOf("email"))],
  ["email", ["email", "email_verified"]],
  ["phone", ["phone_number", "phone_number_verified"]],
  ["address", ["address"]],
  ...membershipScopes.map((name) => [name, [name]] as const),
]);

/** The claims that scopes ask for. */
export const claimsOfScopes = (scopes: Iterable<string>): readonly PersonClaim[] =>
  [...scopes].flatMap((scope) => claimsOfScope.get(scope) ?? []);

/** The scopes that carry claims which are asked for by name; claims that tell nothing of a person have none. */
export function scopesOfClaims(names: Iterable<string>): readonly string[] {
  const asked = new Set(names);
  return [...claimsOfScope].filter(([, claims]) => claims.some((claim) => asked.has(claim))).map(([scope]) => scope);
}

/** Those of the named claims that are among others. */
export function claimsAmong(names: Iterable<string>, others: readonly PersonClaim[]): readonly PersonClaim[] {
  const asked = new Set(names);
  return others.filter((claim) => asked.has(claim));
}
