import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import { checkHolds } from "../../host/held-permissions.ts";
import { permissionsAmong } from "../../host/own-permissions.ts";
import type { OauthDependencies } from "../dependencies.ts";

/**
 * Refuses scopes that permit something here which the caller's own credential does not: a client has what people may whose token
 * names such a scope, and whoever decides where its codes go, or has its secret, has them through it.
 */
export const checkMayGiveScopes = (call: Pick<Call, "caller">, scopes: Iterable<string>): void =>
  checkHolds(call.caller, permissionsAmong(scopes));

/**
 * Refuses a change of a client that may do more than the caller's own credential, by its roles or in the name of people by its
 * scopes: whoever could give it a secret, a key or an address would act as it. Asked also before a client is created, because its
 * roles may wait for it.
 */
export async function checkMayChangeClient(
  { peers }: Pick<OauthDependencies, "peers">,
  call: Call,
  { clientId, scopes }: { readonly clientId: string; readonly scopes: readonly string[] },
): Promise<void> {
  checkMayGiveScopes(call, scopes);
  if (clientId === "") return;
  const { permissions } = await peers
    .client(CredentialService)
    .getAuthority({ clientId, uncached: true }, forward(call));
  checkHolds(call.caller, permissions);
}
