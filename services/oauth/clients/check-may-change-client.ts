import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { forward, type Call, type Caller } from "../../host/call.ts";
import { failure } from "../../host/failure.ts";
import { checkHolds, everyPermission, holds } from "../../host/held-permissions.ts";
import { checkMayReachOwner } from "../../host/instance-reach.ts";
import { permissionsAmong } from "../../host/own-permissions.ts";
import { actingScopes, changesAccounts } from "../acting-scopes.ts";
import type { OauthDependencies } from "../dependencies.ts";

/** What says in whose name a client acts, and how far. */
type Acting = Pick<Client, "scopes" | "grantTypes">;

/** Whether a client acts for itself alone: nobody signs in at it. */
const actsForItself = (grantTypes: readonly string[]): boolean =>
  grantTypes.length > 0 && grantTypes.every((grantType) => grantType === "client_credentials");

/**
 * Throws PERMISSION_DENIED unless the credential permits everything in the tenant. Whoever signs in at an application that changes
 * accounts may be an owner, and whoever changes how an owner signs in has what they have: to hold what administers people is not
 * enough, because that does not reach an owner either.
 */
function checkMayChangeEveryAccount(caller: Caller): void {
  if (holds(caller, everyPermission)) return;
  throw failure(
    ErrorReason.PERMISSION_DENIED,
    `the scope ${changesAccounts} changes the account of whoever signs in, an owner's, too: only a credential that holds every permission (${everyPermission}) decides about clients that have it; leave the scope out, or ask an owner`,
    { metadata: { permission: everyPermission } },
  );
}

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
  const [scope] = actingScopes(scopes);
  if (scope === undefined) return;
  checkHolds(call.caller, permissionsAmong(scopes));
  if (scopes.includes(changesAccounts)) checkMayChangeEveryAccount(call.caller);
  if (grantTypes !== undefined && actsForItself(grantTypes)) return;
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
