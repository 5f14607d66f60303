import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { RoleSchema } from "#gen/koder/identity/store/v1/role_pb.ts";
import type { Outbound } from "../../host/call.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { TenantStore } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { roles } from "../collections.ts";
import { mostRead } from "./role-catalogue.ts";
import { roleUpdated } from "./role-events.ts";

/** Takes a role out of every role of the tenant that includes it. One that somebody changes meanwhile is looked at again. */
export async function removeInclusions(
  data: TenantStore,
  work: Outbound,
  clock: () => number,
  roleId: string,
): Promise<void> {
  for (;;) {
    const { items } = await data.page(roles, { index: "id", limit: mostRead });
    const including = items.filter(({ record }) => record.includedRoleIds.includes(roleId));
    if (including.length === 0) return;
    for (const { record, version } of including) {
      const now = clock();
      const includedRoleIds = record.includedRoleIds.filter((id) => id !== roleId);
      const without = create(RoleSchema, { ...record, includedRoleIds, updateTime: timestampFromMs(now) });
      const updated = roleUpdated(work, now, { id: record.id, version: version + 1 }, ["included_role_ids"]);
      await commitUnlessChanged(data, [replace(roles, without, version)], [updated]);
    }
  }
}
