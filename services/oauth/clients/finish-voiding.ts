import { ownWork } from "../../host/call.ts";
import { deadlines } from "../../host/interceptors/deadline.ts";
import type { FinishWrite } from "../../host/service-module.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { voidTokensOfClient } from "./void-tokens-of-client.ts";

/**
 * Voids the tokens of a client that was deleted or disabled, as an event tells, in case the process that did it came to its
 * end before it could. Where it did not, this changes nothing.
 */
export function finishVoiding(dependencies: Pick<OauthDependencies, "peers" | "clock">): FinishWrite {
  return async ({ tenantId, event: { payload, requestId, resourceId, resourceVersion } }) => {
    const isVoiding = payload.case === "clientDeleted" || (payload.case === "clientUpdated" && payload.value.disabled);
    if (!isVoiding) return;
    const deadline = dependencies.clock() + deadlines.usual;
    const work = ownWork({ service: "oauth", tenantId, requestId, deadline });
    await voidTokensOfClient(dependencies, work, resourceId, Number(resourceVersion));
  };
}
