import type { Invitation } from "#gen/koder/identity/store/v1/invitation_pb.ts";
import type { Call } from "../../host/call.ts";
import { checkHolds } from "../../host/held-permissions.ts";
import type { TenantStore } from "../../store/store.ts";
import { groups } from "../collections.ts";
import { groupNotFound } from "../groups/group-refused.ts";
import { readAuthority } from "../roles/authorities.ts";
import { permissionsOf, readRoles } from "../roles/role-catalogue.ts";
import { roleNotFound } from "../roles/role-refused.ts";
import { groupSubject } from "../roles/subject.ts";

/**
 * Refuses an invitation that gives what the caller could not give by hand: roles need `roles.assign`, groups `groups.write`, and
 * both everything that they permit. Throws ROLE_NOT_FOUND, GROUP_NOT_FOUND or PERMISSION_DENIED.
 */
export async function checkMayInvite(
  data: TenantStore,
  { caller }: Pick<Call, "caller">,
  invitation: Pick<Invitation, "roleIds" | "groupIds">,
): Promise<void> {
  checkHolds(caller, await permissionsGiven(data, invitation));
}

/** What an invitation gives, and what one needs to give it. Throws for a role or a group that is not there. */
export async function permissionsGiven(
  data: TenantStore,
  { roleIds, groupIds }: Pick<Invitation, "roleIds" | "groupIds">,
): Promise<ReadonlySet<string>> {
  const needed = new Set<string>();
  if (roleIds.length > 0) {
    const catalogue = await readRoles(data);
    for (const id of roleIds) if (!catalogue.has(id)) throw roleNotFound(id);
    for (const permission of ["roles.assign", ...permissionsOf(catalogue, roleIds)]) needed.add(permission);
  }
  for (const id of groupIds) {
    if ((await data.get(groups, id)) === undefined) throw groupNotFound(id);
    const { permissions } = await readAuthority(data, groupSubject(id));
    for (const permission of ["groups.write", ...permissions]) needed.add(permission);
  }
  return needed;
}
