import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  RetryLogoutDeliveryResponseSchema,
  type RetryLogoutDeliveryRequest,
  type RetryLogoutDeliveryResponse,
} from "#gen/koder/oauth/v1/logout_delivery_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../../host/call.ts";
import { failure } from "../../../host/failure.ts";
import { Conflict } from "../../../store/store.ts";
import { replace } from "../../../store/writes.ts";
import { logoutDeliveries } from "../../collections.ts";
import type { OauthDependencies } from "../../dependencies.ts";
import { deliveryChanged } from "./delivery-event.ts";
import { deliveryMessage } from "./delivery-message.ts";
import { toBeTried } from "./delivery-state.ts";
import { storedDelivery } from "./stored-delivery.ts";

/** Has a delivery tried at once, as if it were new. After a crash between the delivery and the schedule a repeat does both. */
export function retryLogoutDelivery({
  store,
  logoutSchedule,
  clock,
}: Pick<OauthDependencies, "store" | "logoutSchedule" | "clock">) {
  return async (
    { deliveryId }: RetryLogoutDeliveryRequest,
    context: HandlerContext,
  ): Promise<RetryLogoutDeliveryResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const { record, version } = await storedDelivery(data, deliveryId);
    const now = clock();
    const again = toBeTried(record, now);
    try {
      await data.commit([replace(logoutDeliveries, again, version)], [deliveryChanged(call, now, again, version + 1)]);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      throw failure(ErrorReason.CONFLICT, "the delivery was tried or changed at this moment; look at it again");
    }
    await logoutSchedule.lookBy(call.tenantId, record.clientId, now);
    return create(RetryLogoutDeliveryResponseSchema, { delivery: deliveryMessage(again) });
  };
}
