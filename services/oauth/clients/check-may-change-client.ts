import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import { checkHolds } from "../../host/held-permissions.ts";
import { checkMayReachOwner } from "../../host/instance-reach.ts";
import { permissionsAmong } from "../../host/own-permissions.ts";
import type { OauthDependencies } from "../dependencies.ts";

/** Lets an application change the account of its person: their ways to sign in, too. */
const changesAccounts = "account.write";

/** What says in whose name a client acts, and how far. */
type Acting = Pick<Client, "scopes" | "grantTypes">;

/** Whether a client acts for itself alone: nobody signs in at it. */
const actsForItself = (grantTypes: readonly string[]): boolean =>
  grantTypes.length > 0 && grantTypes.every((grantType) => grantType === "client_credentials");

/**
 * Refuses scopes that permit something here which the caller's own credential does not: a client has what people may whose token
 * names such a scope, and whoever decides where its codes go, or has its secret, has them through it. In the default tenant the
 * owner of the instance may sign in there: such a client is for authority over the instance, unless nobody signs in at it.
 */
export async function checkMayGiveScopes(
  { tenants }: Pick<OauthDependencies, "tenants">,
  call: Call,
  { scopes, grantTypes }: { readonly scopes: readonly string[]; readonly grantTypes?: readonly string[] },
): Promise<void> {
  const permissions = permissionsAmong(scopes);
  checkHolds(call.caller, permissions);
  if (permissions.length === 0 && !scopes.includes(changesAccounts)) return;
  if (grantTypes !== undefined && actsForItself(grantTypes)) return;
  const [scope = changesAccounts] = permissions;
  await checkMayReachOwner(tenants, call, `decides in the default tenant about clients with the scope ${scope}`);
}

/**
 * Refuses a change of a client that may do more than the caller's own credential, by its roles or in the name of people by its
 * scopes: whoever could give it a secret, a key or an address would act as it. Asked also before a client is created, because its
 * roles may wait for it.
 */
export async function checkMayChangeClient(
  { peers, tenants }: Pick<OauthDependencies, "peers" | "tenants">,
  call: Call,
  { clientId, ...acting }: Acting & Pick<Client, "clientId">,
): Promise<void> {
  await checkMayGiveScopes({ tenants }, call, acting);
  if (clientId === "") return;
  const { permissions } = await peers
    .client(CredentialService)
    .getAuthority({ clientId, uncached: true }, forward(call));
  checkHolds(call.caller, permissions);
}
