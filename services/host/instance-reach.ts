import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import type { Call, Caller } from "./call.ts";
import { failure } from "./failure.ts";
import type { Tenants } from "./tenants.ts";

/** Whether a credential has authority over the instance. */
export const reachesInstance = (caller: Caller): boolean => "instance" in caller && caller.instance;

/**
 * Refuses in the default tenant what would hand over the owner of the instance, who is there, to anybody without authority over the
 * instance (security A32). Throws PERMISSION_DENIED; `does` says what only such a credential does.
 */
export async function checkMayReachOwner(tenants: Pick<Tenants, "lookup">, call: Call, does: string): Promise<void> {
  if (reachesInstance(call.caller)) return;
  if ((await tenants.lookup(call, "")).id !== call.tenantId) return;
  throw failure(ErrorReason.PERMISSION_DENIED, `only a credential with INSTANCE authority ${does}`);
}
