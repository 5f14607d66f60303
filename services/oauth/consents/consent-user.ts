import type { Call } from "../../host/call.ts";

/** Whose consents a request is about. The access check lets `me` pass for users only. */
export function consentUser({ caller }: Pick<Call, "caller">, userId: string): string {
  if (userId !== "me") return userId;
  if (caller.kind !== "user") throw new Error("`me` was let through for a caller who is no user");
  return caller.userId;
}
