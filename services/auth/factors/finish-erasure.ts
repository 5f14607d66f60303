import { ownWork } from "../../host/call.ts";
import { deadlines } from "../../host/interceptors/deadline.ts";
import type { FinishWrite } from "../../host/service-module.ts";
import { forgetPending } from "../account/forget-pending.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { devicesOfUser, forgetDevices } from "../devices/devices-of-user.ts";
import { forgetAcceptedTerms } from "../required-actions/accepted-terms.ts";
import { removeFactors } from "./remove-factors.ts";

/**
 * Removes the factors, the recovery codes, the remembered browsers and the accepted terms of a user that an event says was
 * erased, and what still waits for them.
 */
export function finishErasure({ store, clock }: Pick<AuthDependencies, "store" | "clock">): FinishWrite {
  return async ({ tenantId, event: { payload, requestId, resourceId } }) => {
    if (payload.case !== "userErased") return;
    const now = clock();
    const work = ownWork({ service: "auth", tenantId, requestId, deadline: now + deadlines.usual });
    const data = store.tenant(tenantId);
    await removeFactors(data, work, now, resourceId, "all");
    await forgetAcceptedTerms(data, work, now, resourceId);
    await forgetPending(data, work, now, resourceId);
    await forgetDevices(data, work, now, await devicesOfUser(data, resourceId));
  };
}
