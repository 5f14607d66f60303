import type { ConnectError } from "@connectrpc/connect";
import type { User } from "#gen/koder/identity/store/v1/user_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import type { Call } from "../../host/call.ts";
import { failure } from "../../host/failure.ts";
import { checkHolds } from "../../host/held-permissions.ts";
import { reachesInstance } from "../../host/instance-reach.ts";
import type { TenantStore } from "../../store/store.ts";
import { readAuthority } from "../roles/authorities.ts";
import { userSubject } from "../roles/subject.ts";

/**
 * Refuses a change of somebody who may do more than the caller's own credential: whoever could set their password, or take
 * over their address, would have what they have. The owner of the instance is changed with INSTANCE authority only (security
 * A32). What they may do is read from the store: it was perhaps given a moment ago.
 */
export async function checkMayChange(data: TenantStore, user: User, { caller }: Pick<Call, "caller">): Promise<void> {
  if (user.instanceOwner && !reachesInstance(caller)) throw denied();
  const { permissions } = await readAuthority(data, userSubject(user.id));
  checkHolds(caller, permissions);
}

const denied = (): ConnectError =>
  failure(ErrorReason.PERMISSION_DENIED, "only a credential with INSTANCE authority changes the owner of the instance");
