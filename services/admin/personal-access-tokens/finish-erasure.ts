import { ownWork } from "../../host/call.ts";
import { deadlines } from "../../host/interceptors/deadline.ts";
import type { FinishWrite } from "../../host/service-module.ts";
import { remove } from "../../store/writes.ts";
import { personalAccessTokens } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { personalAccessTokenDeleted } from "./personal-access-token.ts";

/** Tokens that go in one commit. */
const batch = 50;

/** Removes the personal access tokens of a user that an event says was erased. They are void already. */
export function finishErasure({ store, clock }: Pick<AdminDependencies, "store" | "clock">): FinishWrite {
  return async ({ tenantId, event: { payload, requestId, resourceId } }) => {
    if (payload.case !== "userErased") return;
    const data = store.tenant(tenantId);
    const work = ownWork({ service: "admin", tenantId, requestId, deadline: clock() + deadlines.usual });
    for (;;) {
      const { items } = await data.page(personalAccessTokens, { index: "user", equals: resourceId, limit: batch });
      if (items.length === 0) return;
      await data.commit(
        items.map((stored) => remove(personalAccessTokens, stored)),
        items.map((stored) => personalAccessTokenDeleted(work, clock(), stored)),
      );
    }
  };
}
