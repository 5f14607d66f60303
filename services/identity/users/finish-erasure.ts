import { ownWork } from "../../host/call.ts";
import { deadlines } from "../../host/interceptors/deadline.ts";
import type { FinishWrite } from "../../host/service-module.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import type { TenantStore } from "../../store/store.ts";
import { remove } from "../../store/writes.ts";
import { dataExports } from "../collections.ts";
import { removeMemberships } from "../groups/finish-group-deletion.ts";
import { removeAssignments } from "../roles/finish-role-deletion.ts";
import { userSubject } from "../roles/subject.ts";

/** Notes that go in one commit. */
const batch = 50;

/** Removes the memberships and roles of a user that an event says was erased, and the notes of to whom their data were given. */
export function finishErasure({ store, clock }: Pick<IdentityDependencies, "store" | "clock">): FinishWrite {
  return async ({ tenantId, event: { payload, requestId, resourceId } }) => {
    if (payload.case !== "userErased") return;
    const data = store.tenant(tenantId);
    const subject = userSubject(resourceId);
    const work = ownWork({ service: "identity", tenantId, requestId, deadline: clock() + deadlines.usual });
    await removeMemberships(data, work, clock, { index: "member", equals: subject });
    await removeAssignments(data, work, clock, { index: "subject", equals: subject });
    await removeExports(data, resourceId);
  };
}

async function removeExports(data: TenantStore, userId: string): Promise<void> {
  for (;;) {
    const { items } = await data.page(dataExports, { index: "user_id", equals: userId, limit: batch });
    if (items.length === 0) return;
    await data.commit(
      items.map((stored) => remove(dataExports, stored)),
      [],
    );
  }
}
