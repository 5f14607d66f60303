import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import type { TenantStore } from "../../store/store.ts";
import { identityFailure } from "../identity-failure.ts";
import { usernameKey } from "../users/login-names.ts";
import { usernamePolicyOf, type UsernamePolicy } from "./tenant-policy.ts";

const shortest = 2;

/** A username as kept, by the tenant's policy; an empty one is none. Throws USERNAME_NOT_ALLOWED, naming `field`. */
export const checkedUsername = async (data: TenantStore, field: string, username: string): Promise<string> =>
  username === "" ? "" : usernameByPolicy(await usernamePolicyOf(data), field, username);

/** Checks a username against a policy, and answers it as kept. Throws USERNAME_NOT_ALLOWED, naming `field`. */
export function usernameByPolicy(policy: UsernamePolicy, field: string, username: string): string {
  const key = usernameKey(username);
  if (key.length >= shortest && key.length <= policy.longest && formOf(policy).test(key)) return key;
  const description = wanted(policy);
  throw identityFailure(IdentityErrorReason.USERNAME_NOT_ALLOWED, `${field}: ${description}`, {
    violations: [{ field, description }],
  });
}

/**
 * `a-z 0-9 - .`, starting with a letter, no two specials in a row and none at the end. In no policy is there an `@`,
 * by which an address is known at a sign-in, or anything that means something within the class.
 */
const formOf = ({ extraCharacters, isLeadingDigitAllowed }: UsernamePolicy): RegExp =>
  new RegExp(`^[a-z${isLeadingDigitAllowed ? "0-9" : ""}](?:[-.${extraCharacters}]?[a-z0-9])+$`);

function wanted({ longest, extraCharacters, isLeadingDigitAllowed }: UsernamePolicy): string {
  const [last = ".", ...others] = `-.${extraCharacters}`.split("").toReversed();
  const specials = `${others.toReversed().join(", ")} and ${last}`;
  const first = isLeadingDigitAllowed ? "a letter or a digit" : "a letter";
  const form = `starting with ${first}, without two specials in a row or one at the end`;
  return `must be ${shortest} to ${longest} of a–z, 0–9, ${specials}, ${form}`;
}
