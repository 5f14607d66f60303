import { ownWork } from "../../host/call.ts";
import { deadlines } from "../../host/interceptors/deadline.ts";
import type { FinishWrite } from "../../host/service-module.ts";
import { forgetPending } from "../account/forget-pending.ts";
import type { AuthDependencies } from "../dependencies.ts";

/** Removes the mailed links, which name an address, of an invitation that an event says was taken back. */
export function forgetRevokedLinks({ store, clock }: Pick<AuthDependencies, "store" | "clock">): FinishWrite {
  return async ({ tenantId, event: { payload, requestId } }) => {
    if (payload.case !== "invitationChanged" || payload.value.state !== "revoked") return;
    const now = clock();
    const work = ownWork({ service: "auth", tenantId, requestId, deadline: now + deadlines.usual });
    await forgetPending(store.tenant(tenantId), work, now, payload.value.userId);
  };
}
