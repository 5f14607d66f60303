import type { Invitation } from "#gen/koder/identity/store/v1/invitation_pb.ts";
import type { TenantStore } from "../../store/store.ts";
import { groups } from "../collections.ts";
import { readRoles } from "../roles/role-catalogue.ts";

/** What an invitation gives. */
type Given = Pick<Invitation, "roleIds" | "groupIds">;

/** Those of an invitation's roles and groups that are still there. */
export async function whatIsLeft(data: TenantStore, { roleIds, groupIds }: Given): Promise<Given> {
  const [catalogue, found] = await Promise.all([
    readRoles(data),
    Promise.all(groupIds.map((id) => data.get(groups, id))),
  ]);
  return {
    roleIds: roleIds.filter((id) => catalogue.has(id)),
    groupIds: found.flatMap((group) => (group === undefined ? [] : [group.record.id])),
  };
}
