import type { ClientAuthenticationPolicy } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { ClientLookupService } from "#gen/koder/oauth/v1/client_lookup_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import { authenticationPolicies, authenticationPolicyId } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";

/**
 * The ids in overrides that no client of the tenant has. Those of which the policy says something already may stay: a client that was
 * deleted since signs nobody in, and nobody is given its id again.
 */
export async function unknownClientsOf(
  { store, peers }: Pick<AuthDependencies, "store" | "peers">,
  call: Call,
  overrides: readonly ClientAuthenticationPolicy[],
): Promise<ReadonlySet<string>> {
  if (overrides.length === 0) return new Set();
  const stored = await store.tenant(call.tenantId).get(authenticationPolicies, authenticationPolicyId);
  const before = new Set(stored?.record.clientOverrides.map(({ clientId }) => clientId));
  const clientIds = overrides.map(({ clientId }) => clientId).filter((clientId) => !before.has(clientId));
  if (clientIds.length === 0) return new Set();
  const found = await peers.client(ClientLookupService).findClients({ clientIds }, forward(call));
  return new Set(clientIds).difference(new Set(found.clientIds));
}
