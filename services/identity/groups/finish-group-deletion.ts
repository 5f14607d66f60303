import { ownWork, type Outbound } from "../../host/call.ts";
import { deadlines } from "../../host/interceptors/deadline.ts";
import type { FinishWrite } from "../../host/service-module.ts";
import { groupMembers } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { removeAssignments } from "../roles/finish-role-deletion.ts";
import { groupSubject } from "../roles/subject.ts";
import { remove } from "../../store/writes.ts";
import type { PageQuery, TenantStore } from "../../store/store.ts";
import { groupMemberRemoved } from "./group-events.ts";

/** Memberships that go in one commit. */
const batch = 50;

/** Takes away the memberships and roles of a group that an event says is gone. They count for nothing already. */
export function finishGroupDeletion({ store, clock }: Pick<IdentityDependencies, "store" | "clock">): FinishWrite {
  return async ({ tenantId, event: { payload, requestId, resourceId } }) => {
    if (payload.case !== "groupDeleted") return;
    const data = store.tenant(tenantId);
    const work = ownWork({ service: "identity", tenantId, requestId, deadline: clock() + deadlines.usual });
    await removeMemberships(data, work, clock, { index: "group", equals: resourceId });
    await removeMemberships(data, work, clock, { index: "member", equals: groupSubject(resourceId) });
    await removeAssignments(data, work, clock, { index: "subject", equals: groupSubject(resourceId) });
  };
}

/** Removes every membership that a query finds, batch by batch. */
export async function removeMemberships(
  data: TenantStore,
  work: Outbound,
  clock: () => number,
  query: Pick<PageQuery, "index" | "equals">,
): Promise<void> {
  for (;;) {
    const { items } = await data.page(groupMembers, { ...query, limit: batch });
    if (items.length === 0) return;
    const now = clock();
    await data.commit(
      items.map((stored) => remove(groupMembers, stored)),
      items.map(({ record }) => groupMemberRemoved(work, now, record)),
    );
  }
}
