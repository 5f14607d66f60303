import type { ConnectError } from "@connectrpc/connect";
import type { User } from "#gen/koder/identity/store/v1/user_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import type { Caller } from "../../host/call.ts";
import { failure } from "../../host/failure.ts";

/**
 * Refuses a change of the instance's owner by whoever has no INSTANCE authority: a tenant's administrator who could set
 * the owner's password, or take over the owner's address, would have it (security A32).
 */
export function checkMayChange(user: User, caller: Caller): void {
  if (user.instanceOwner && !("instance" in caller && caller.instance)) throw denied();
}

const denied = (): ConnectError =>
  failure(ErrorReason.PERMISSION_DENIED, "only a credential with INSTANCE authority changes the owner of the instance");
