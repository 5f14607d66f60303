import type { Call } from "./call.ts";

/** The id of the user whom a request names, where `me` is the caller. */
export function userOf({ caller }: Pick<Call, "caller">, { userId }: { readonly userId: string }): string {
  if (userId !== "me") return userId;
  // The access check lets `me` pass for users only.
  if (caller.kind !== "user") throw new Error("`me` was let through for a caller who is no user");
  return caller.userId;
}
