import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import { checkHolds } from "../../host/held-permissions.ts";
import type { OauthDependencies } from "../dependencies.ts";

/**
 * Refuses a change of a client that may do more by its roles than the caller's own credential: whoever could give it a secret
 * or a key would act as it. Asked also before a client is created, because its roles may wait for it.
 */
export async function checkMayChangeClient(
  { peers }: Pick<OauthDependencies, "peers">,
  call: Call,
  clientId: string,
): Promise<void> {
  const { permissions } = await peers
    .client(CredentialService)
    .getAuthority({ clientId, uncached: true }, forward(call));
  checkHolds(call.caller, permissions);
}
