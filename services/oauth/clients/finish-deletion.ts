import { ownWork } from "../../host/call.ts";
import { deadlines } from "../../host/interceptors/deadline.ts";
import type { FinishWrite } from "../../host/service-module.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { voidTokensOfClient } from "./void-tokens-of-client.ts";

/**
 * Voids the tokens of a client whose deletion an event tells of, in case the process that deleted it came to its end before
 * it could. Where it did not, this changes nothing.
 */
export function finishDeletion(dependencies: Pick<OauthDependencies, "peers" | "clock">): FinishWrite {
  return async ({ tenantId, event: { payload, requestId, resourceId, resourceVersion } }) => {
    if (payload.case !== "clientDeleted") return;
    const deadline = dependencies.clock() + deadlines.usual;
    const work = ownWork({ service: "oauth", tenantId, requestId, deadline });
    await voidTokensOfClient(dependencies, work, resourceId, Number(resourceVersion));
  };
}
