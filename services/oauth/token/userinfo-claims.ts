import { create } from "@bufbuild/protobuf";
import { UserSchema, type User } from "#gen/koder/identity/v1/user_pb.ts";

/** OpenID Connect Core §5.4: which members of a user each scope allows. */
const claimsOfScope = {
  profile: [
    "name",
    "givenName",
    "familyName",
    "middleName",
    "nickname",
    "username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updateTime",
  ],
  email: ["email", "emailVerified"],
  phone: ["phoneNumber", "phoneNumberVerified"],
  address: ["address"],
} as const satisfies Readonly<Record<string, readonly (keyof User)[]>>;

/** The user with nothing in it but what the scopes allow. */
export function claimsForScopes(user: User, scopes: ReadonlySet<string>): User {
  const allowed = Object.entries(claimsOfScope).flatMap(([scope, members]) => (scopes.has(scope) ? members : []));
  return create(UserSchema, Object.fromEntries(allowed.map((member) => [member, user[member]])));
}
