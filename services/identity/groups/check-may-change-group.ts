import type { Call } from "../../host/call.ts";
import { checkHolds } from "../../host/held-permissions.ts";
import type { TenantStore } from "../../store/store.ts";
import { readAuthority } from "../roles/authorities.ts";
import { groupSubject } from "../roles/subject.ts";

/**
 * Refuses a change of a group, or of who is in it, by whoever does not hold what its roles and those of the groups around it
 * permit: they would give or take it.
 */
export async function checkMayChangeGroup(
  data: TenantStore,
  groupId: string,
  call: Pick<Call, "caller">,
): Promise<void> {
  const { permissions } = await readAuthority(data, groupSubject(groupId));
  checkHolds(call.caller, permissions);
}
