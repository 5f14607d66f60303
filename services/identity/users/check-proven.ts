import type { User as StoredUser } from "#gen/koder/identity/store/v1/user_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "../../host/failure.ts";

/**
 * Nothing is proven of an address or telephone that is not there, so far as the paths say that it is. Throws INVALID_REQUEST, naming
 * each.
 */
export function checkProven(
  user: Pick<StoredUser, "email" | "emailVerified" | "phoneNumber" | "phoneNumberVerified">,
  paths: readonly string[] = ["email_verified", "phone_number_verified"],
): void {
  const proven = [
    { path: "email_verified", of: "email", isWrong: user.emailVerified && user.email === "" },
    { path: "phone_number_verified", of: "phone_number", isWrong: user.phoneNumberVerified && user.phoneNumber === "" },
  ];
  const violations = proven
    .filter(({ path, isWrong }) => isWrong && paths.includes(path))
    .map(({ path, of }) => ({ field: `user.${path}`, description: `must not be true without ${of}` }));
  if (violations.length === 0) return;
  const said = violations.map(({ field, description }) => `${field}: ${description}`).join("; ");
  throw failure(ErrorReason.INVALID_REQUEST, said, { violations });
}
