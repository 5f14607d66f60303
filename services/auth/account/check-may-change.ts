import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import { failure } from "../../host/failure.ts";
import { checkHolds } from "../../host/held-permissions.ts";
import type { Peers } from "../../host/peers.ts";
import { reachesInstance } from "../../host/instance-reach.ts";

/**
 * Refuses to change by what somebody signs in who may do more than the caller's own credential: whoever took away their second
 * factor would need their password only (security A14). What is of somebody with authority over the instance is changed with
 * such authority (security A32), and `does` says what that is. What they may do is read from the store: it was perhaps given a
 * moment ago.
 */
export async function checkMayChange(peers: Peers, call: Call, userId: string, does: string): Promise<void> {
  const { caller } = call;
  if (caller.kind === "user" && caller.userId === userId) return;
  const asked = { userId, uncached: true };
  const { instance, permissions } = await peers.client(CredentialService).getAuthority(asked, forward(call));
  if (instance && !reachesInstance(caller)) {
    throw failure(ErrorReason.PERMISSION_DENIED, `only a credential with INSTANCE authority ${does}`);
  }
  checkHolds(caller, permissions);
}
