import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Address, User } from "#gen/koder/identity/v1/user_pb.ts";
import { inAsciiDomain } from "../../host/email-address.ts";

/** A value that JSON has. */
export type ClaimValue = string | number | boolean | ClaimValue[] | { [name: string]: ClaimValue };

/** Claims by name; none is null or empty. */
export type Claims = Readonly<Record<string, ClaimValue>>;

/** How each claim of OpenID Connect Core §5.1 is read from a user. Empty is not known, and not sent. */
const readers = {
  name: ({ name }: User) => name,
  given_name: ({ givenName }: User) => givenName,
  family_name: ({ familyName }: User) => familyName,
  middle_name: ({ middleName }: User) => middleName,
  nickname: ({ nickname }: User) => nickname,
  preferred_username: ({ username }: User) => username,
  profile: ({ profile }: User) => profile,
  picture: ({ picture }: User) => picture,
  website: ({ website }: User) => website,
  gender: ({ gender }: User) => gender,
  birthdate: ({ birthdate }: User) => birthdate,
  zoneinfo: ({ zoneinfo }: User) => zoneinfo,
  locale: ({ locale }: User) => locale,
  updated_at: ({ updateTime }: User) => (updateTime ? Math.floor(timestampMs(updateTime) / 1000) : ""),
  // OpenID Connect Core §5.1: an addr-spec of RFC 5322, which is ASCII.
  email: ({ email }: User) => inAsciiDomain(email),
  email_verified: ({ email, emailVerified }: User) => (email === "" ? "" : emailVerified),
  phone_number: ({ phoneNumber }: User) => phoneNumber,
  phone_number_verified: ({ phoneNumber, phoneNumberVerified }: User) =>
    phoneNumber === "" ? "" : phoneNumberVerified,
  address: ({ address }: User) => (address ? addressClaim(address) : ""),
} as const satisfies Readonly<Record<string, (user: User) => ClaimValue>>;

/** A claim that a user may have. */
export type UserClaim = keyof typeof readers;

/** Every claim that a user may have, by the names of the standard. */
export const userClaimNames = Object.keys(readers) as readonly UserClaim[];

/** Those of the named claims that are known of a user. */
export function claimsOfUser(user: User, names: Iterable<string>): Claims {
  const asked = new Set(names);
  const known = userClaimNames.filter((name) => asked.has(name)).map((name) => [name, readers[name](user)] as const);
  return Object.fromEntries(known.filter(([, value]) => value !== ""));
}

function addressClaim(address: Address): ClaimValue {
  const { formatted, streetAddress, locality, region, postalCode, country } = address;
  const members = {
    formatted,
    street_address: streetAddress,
    locality,
    region,
    postal_code: postalCode,
    country,
  };
  const known = Object.entries(members).filter(([, value]) => value !== "");
  return known.length === 0 ? "" : Object.fromEntries(known);
}
