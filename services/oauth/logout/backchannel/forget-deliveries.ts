import { create } from "@bufbuild/protobuf";
import { LogoutDeliverySchema } from "#gen/koder/oauth/store/v1/logout_delivery_pb.ts";
import { ownWork } from "../../../host/call.ts";
import { deadlines } from "../../../host/interceptors/deadline.ts";
import type { FinishWrite } from "../../../host/service-module.ts";
import type { PagePosition } from "../../../store/store.ts";
import { remove, replace } from "../../../store/writes.ts";
import { logoutDeliveries } from "../../collections.ts";
import type { OauthDependencies } from "../../dependencies.ts";
import { deliveryChanged } from "./delivery-event.ts";

const batch = 50;

/**
 * Removes the deliveries of a user that an event says was erased. One that waits still tells its client that the session ended,
 * for a day at most, and goes then.
 */
export function forgetDeliveries({ store, clock }: Pick<OauthDependencies, "store" | "clock">): FinishWrite {
  return async ({ tenantId, event: { payload, requestId, resourceId: userId } }) => {
    if (payload.case !== "userErased") return;
    const data = store.tenant(tenantId);
    const work = ownWork({ service: "oauth", tenantId, requestId, deadline: clock() + deadlines.usual });
    for (let after: PagePosition | undefined, more = true; more;) {
      const { items, next } = await data.page(logoutDeliveries, {
        index: "user_id",
        equals: userId,
        limit: batch,
        ...(after === undefined ? {} : { after }),
      });
      for (const { record, version } of items) {
        const waits = record.state === "pending";
        if (waits && record.userErased) continue;
        const changed = create(LogoutDeliverySchema, { ...record, userErased: true });
        const told = waits ? changed : { ...record, state: "deleted" };
        await data.commit(
          [waits ? replace(logoutDeliveries, changed, version) : remove(logoutDeliveries, { record, version })],
          [deliveryChanged(work, clock(), told, version + 1)],
        );
      }
      [after, more] = [next, next !== undefined];
    }
  };
}
