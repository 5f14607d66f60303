import { UserStatus, UserStatusSchema } from "#gen/koder/identity/v1/user_pb.ts";
import { ownWork } from "../../host/call.ts";
import { deadlines } from "../../host/interceptors/deadline.ts";
import type { FinishWrite } from "../../host/service-module.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { voidWhatWasIssued } from "./void-what-was-issued.ts";

const disabled = UserStatusSchema.value[UserStatus.DISABLED]?.localName;

/**
 * Voids what was issued before a change that an event tells of, in case the process that made the change came to its end
 * before it could. Where it did not, this changes nothing.
 */
export function finishVoiding(dependencies: Pick<IdentityDependencies, "peers" | "clock">): FinishWrite {
  return async ({ tenantId, event: { payload, requestId, resourceId, resourceVersion } }) => {
    const isVoiding =
      payload.case === "userPasswordChanged" ||
      payload.case === "userDeleted" ||
      (payload.case === "userUpdated" && payload.value.status === disabled);
    if (!isVoiding) return;
    const deadline = dependencies.clock() + deadlines.usual;
    const work = ownWork({ service: "identity", tenantId, requestId, deadline });
    await voidWhatWasIssued(dependencies, work, { userId: resourceId, version: Number(resourceVersion) });
  };
}
