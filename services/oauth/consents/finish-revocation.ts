import { ownWork } from "../../host/call.ts";
import { deadlines } from "../../host/interceptors/deadline.ts";
import type { FinishWrite } from "../../host/service-module.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { voidWhatConsentGave } from "./void-what-consent-gave.ts";

/**
 * Voids what a consent gave that an event says was taken back, in case the process that took it back came to its end before
 * it could. Where it did not, this changes nothing.
 */
export function finishRevocation(dependencies: Pick<OauthDependencies, "peers" | "clock">): FinishWrite {
  return async ({ tenantId, event: { payload, requestId, resourceVersion } }) => {
    if (payload.case !== "consentRevoked") return;
    const deadline = dependencies.clock() + deadlines.usual;
    const work = ownWork({ service: "oauth", tenantId, requestId, deadline });
    const { userId, clientId } = payload.value;
    await voidWhatConsentGave(dependencies, work, { userId, clientId, version: Number(resourceVersion) });
  };
}
