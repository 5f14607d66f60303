import type { AuthenticationPolicy as StoredPolicy } from "#gen/koder/auth/store/v1/authentication_policy_pb.ts";
import type { GroupAuthenticationPolicy } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";

/** The names of the groups that a policy says something of, by their ids. Those that are gone are not in it. */
export async function groupNamesOf(
  { peers }: Pick<AuthDependencies, "peers">,
  call: Call,
  stored: StoredPolicy | undefined,
): Promise<ReadonlyMap<string, string>> {
  const groupIds = (stored?.groupOverrides ?? []).map(({ groupId }) => groupId);
  if (groupIds.length === 0) return new Map();
  const { groups } = await peers.client(CredentialService).findGroups({ groupIds }, forward(call));
  return new Map(groups.map(({ id, name }) => [id, name]));
}

/** The ids of the groups that overrides name, by id or by name, in their order; undefined for one that is none, or two. */
export async function groupIdsOf(
  { peers }: Pick<AuthDependencies, "peers">,
  call: Call,
  overrides: readonly GroupAuthenticationPolicy[],
): Promise<readonly (string | undefined)[]> {
  if (overrides.length === 0) return [];
  const groupIds = overrides.flatMap(({ groupId }) => groupId || []);
  const names = overrides.flatMap(({ groupName }) => groupName || []);
  const { groups } = await peers.client(CredentialService).findGroups({ groupIds, names }, forward(call));
  const [byId, byName] = [
    new Set(groups.map(({ id }) => id)),
    new Map(groups.map(({ id, name }) => [name.toLowerCase(), id])),
  ];
  return overrides.map(({ groupId, groupName }) => {
    const named = groupName === "" ? groupId : byName.get(groupName.toLowerCase());
    const isOne = named !== undefined && byId.has(named) && (groupId === "" || groupId === named);
    return isOne ? named : undefined;
  });
}
