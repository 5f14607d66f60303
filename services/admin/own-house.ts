import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import type { Caller } from "../host/call.ts";
import { failure } from "../host/failure.ts";

/**
 * Throws PERMISSION_DENIED where a person acts through an application of somebody else: a credential that it made would be good after
 * the person has taken back what they let it do, and after it was disabled.
 */
export function checkOwnHouse(caller: Caller): void {
  if (caller.kind !== "user" || caller.firstParty === true) return;
  throw failure(
    ErrorReason.PERMISSION_DENIED,
    "an application of somebody else makes no credentials: make them in one of the tenant's own",
  );
}
