import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import { failure } from "../../host/failure.ts";
import type { Peers } from "../../host/peers.ts";

/**
 * Refuses to remove factors of somebody with authority over the instance by whoever has none: a tenant's administrator who
 * took away the owner's second factor would need their password only (security A32).
 */
export async function checkMayRemove(peers: Peers, call: Call, userId: string): Promise<void> {
  const { caller } = call;
  if (caller.kind === "user" && caller.userId === userId) return;
  if ("instance" in caller && caller.instance) return;
  const { instance } = await peers.client(CredentialService).getAuthority({ userId }, forward(call));
  if (!instance) return;
  throw failure(
    ErrorReason.PERMISSION_DENIED,
    "only a credential with INSTANCE authority removes factors of somebody who has it",
  );
}
