import { ownWork } from "../../host/call.ts";
import { deadlines } from "../../host/interceptors/deadline.ts";
import type { FinishWrite } from "../../host/service-module.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { removeFactors } from "./remove-factors.ts";

/** Removes the factors and recovery codes of a user that an event says was erased. */
export function finishErasure({ store, clock }: Pick<AuthDependencies, "store" | "clock">): FinishWrite {
  return async ({ tenantId, event: { payload, requestId, resourceId } }) => {
    if (payload.case !== "userErased") return;
    const now = clock();
    const work = ownWork({ service: "auth", tenantId, requestId, deadline: now + deadlines.usual });
    await removeFactors(store.tenant(tenantId), work, now, resourceId, "all");
  };
}
