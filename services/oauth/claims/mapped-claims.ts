import type { ClaimMapper } from "#gen/koder/oauth/store/v1/claim_mapper_pb.ts";
import { claimOf, parseConstant } from "./claim-mapper.ts";
import { isMembershipClaim, type Person } from "./person.ts";
import { claimsOfUser, type Claims, type ClaimValue } from "./user-claims.ts";

/** Where a mapper puts its claim. */
export type Destination = "inIdToken" | "inAccessToken" | "inUserinfo";

/** The mappers that have something to say in one place, for the scopes that were given. */
export const mappersFor = (
  mappers: readonly ClaimMapper[],
  destination: Destination,
  scopes: Iterable<string>,
): readonly ClaimMapper[] => {
  if (mappers.length === 0) return mappers;
  const given = new Set(scopes);
  return mappers.filter((mapper) => mapper[destination] && (mapper.scope === "" || given.has(mapper.scope)));
};

/** Whether a mapper reads something of a person. */
export const readUser = (mappers: readonly ClaimMapper[]): boolean =>
  mappers.some(({ source }) => source.case === "userAttribute" || source.case === "customAttribute");

/** Whether a mapper reads the roles or groups of a person. */
export const readMemberships = (mappers: readonly ClaimMapper[]): boolean =>
  mappers.some(({ source }) => source.case === "userAttribute" && isMembershipClaim(source.value));

/** Whom a token is about, as far as mappers read it: a client that acts for itself has roles, and is no user. */
export type Described = Omit<Person, "user"> & { readonly user: Person["user"] | undefined };

/** The claims that mappers make of a person, of a client, or of nobody: then there are the constants alone. */
export function mappedClaims(mappers: readonly ClaimMapper[], described: Described | undefined): Claims {
  const claims = mappers.flatMap(({ claim, source }) => {
    switch (source.case) {
      case "constantJson": {
        const value = parseConstant(source.value);
        return value === undefined ? [] : [[claim, value] as const];
      }
      case "userAttribute": {
        const value = described === undefined ? undefined : attributeOf(described, source.value);
        return value === undefined ? [] : [[claim, value] as const];
      }
      case "customAttribute": {
        const value = claimOf(described?.user?.attributes?.[source.value]);
        return value === undefined ? [] : [[claim, value] as const];
      }
      case undefined:
        return [];
    }
  });
  return Object.fromEntries(claims);
}

function attributeOf(described: Described, name: string): ClaimValue | undefined {
  const { user } = described;
  if (!isMembershipClaim(name)) return user === undefined ? undefined : claimsOfUser(user, [name])[name];
  return described[name].length === 0 ? undefined : [...described[name]];
}
