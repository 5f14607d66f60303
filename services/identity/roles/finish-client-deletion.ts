import { ownWork, type Outbound } from "../../host/call.ts";
import { deadlines } from "../../host/interceptors/deadline.ts";
import type { FinishWrite } from "../../host/service-module.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { TenantStore } from "../../store/store.ts";
import { remove } from "../../store/writes.ts";
import { roles, rolesOfClient } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { removeAssignments } from "./finish-role-deletion.ts";
import { roleDeleted } from "./role-events.ts";
import { clientSubject } from "./subject.ts";

/** Roles that go in one commit. */
const batch = 50;

/**
 * Removes what a client that an event says is gone leaves behind: what it was given as a service account, and the roles that
 * are its own, by each of whose events `finishRoleDeletion` goes on. No client comes to have its id again.
 */
export function finishClientDeletion({ store, clock }: Pick<IdentityDependencies, "store" | "clock">): FinishWrite {
  return async ({ tenantId, event: { payload, requestId, resourceId } }) => {
    if (payload.case !== "clientDeleted") return;
    const data = store.tenant(tenantId);
    const work = ownWork({ service: "identity", tenantId, requestId, deadline: clock() + deadlines.usual });
    await removeAssignments(data, work, clock, { index: "subject", equals: clientSubject(resourceId) });
    await removeRoles(data, work, clock, resourceId);
  };
}

async function removeRoles(data: TenantStore, work: Outbound, clock: () => number, clientId: string): Promise<void> {
  for (;;) {
    const { items } = await data.page(roles, { ...rolesOfClient(clientId), limit: batch });
    if (items.length === 0) return;
    const now = clock();
    await commitUnlessChanged(
      data,
      items.map((stored) => remove(roles, stored)),
      items.map(({ record: { id, name }, version }) => roleDeleted(work, now, { id, version: version + 1 }, name)),
    );
  }
}
