import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import type { Caller } from "./call.ts";
import { failure } from "./failure.ts";

/** Stands for every permission. */
export const everyPermission = "*";

/**
 * Whether a credential holds a permission. A person's token carries theirs only where its scope names it: no ordinary
 * application administers. A service, and nobody, holds none: what services may call is decided by the method.
 */
export function holds(caller: Caller, permission: string): boolean {
  if (caller.kind !== "user" && caller.kind !== "client") return false;
  if (caller.kind === "user" && !caller.scopes.has(permission)) return false;
  return caller.permissions.has(permission) || caller.permissions.has(everyPermission);
}

/**
 * Throws PERMISSION_DENIED unless the credential holds every one of the permissions. Asked wherever somebody is given what they
 * permit, loses it, or could be taken over by the change: nobody goes beyond what they have.
 */
export function checkHolds(caller: Caller, permissions: Iterable<string>): void {
  for (const permission of permissions) {
    if (holds(caller, permission)) continue;
    const message = `the credential lacks the permission ${permission}, which this is about`;
    throw failure(ErrorReason.PERMISSION_DENIED, message, { metadata: { permission } });
  }
}
