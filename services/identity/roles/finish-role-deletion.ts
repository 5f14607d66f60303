import { ownWork, type Outbound } from "../../host/call.ts";
import { deadlines } from "../../host/interceptors/deadline.ts";
import type { FinishWrite } from "../../host/service-module.ts";
import type { PageQuery, TenantStore } from "../../store/store.ts";
import { remove } from "../../store/writes.ts";
import { roleAssignments } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { roleUnassigned } from "./assignment-events.ts";
import { removeInclusions } from "./remove-inclusions.ts";

/** Assignments that go in one commit. */
const batch = 50;

/**
 * Takes a role that an event says is gone out of the roles that include it, and its assignments away. Both permit nothing
 * already.
 */
export function finishRoleDeletion({ store, clock }: Pick<IdentityDependencies, "store" | "clock">): FinishWrite {
  return async ({ tenantId, event: { payload, requestId, resourceId } }) => {
    if (payload.case !== "roleDeleted") return;
    const data = store.tenant(tenantId);
    const work = ownWork({ service: "identity", tenantId, requestId, deadline: clock() + deadlines.usual });
    await removeInclusions(data, work, clock, resourceId);
    await removeAssignments(data, work, clock, { index: "role", equals: resourceId });
  };
}

/** Removes every assignment that a query finds, batch by batch. */
export async function removeAssignments(
  data: TenantStore,
  work: Outbound,
  clock: () => number,
  query: Pick<PageQuery, "index" | "equals">,
): Promise<void> {
  for (;;) {
    const { items } = await data.page(roleAssignments, { ...query, limit: batch });
    if (items.length === 0) return;
    const now = clock();
    await data.commit(
      items.map((stored) => remove(roleAssignments, stored)),
      items.map(({ record }) => roleUnassigned(work, now, record)),
    );
  }
}
