import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  DeleteLogoutDeliveryResponseSchema,
  type DeleteLogoutDeliveryRequest,
  type DeleteLogoutDeliveryResponse,
} from "#gen/koder/oauth/v1/logout_delivery_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../../host/call.ts";
import { failure } from "../../../host/failure.ts";
import { Conflict } from "../../../store/store.ts";
import { remove } from "../../../store/writes.ts";
import { logoutDeliveries } from "../../collections.ts";
import type { OauthDependencies } from "../../dependencies.ts";
import { deliveryChanged } from "./delivery-event.ts";
import { storedDelivery } from "./stored-delivery.ts";

/** Deletes a delivery. An attempt that is under way is not taken back, but there is no other. */
export function deleteLogoutDelivery({ store, clock }: Pick<OauthDependencies, "store" | "clock">) {
  return async (
    { deliveryId }: DeleteLogoutDeliveryRequest,
    context: HandlerContext,
  ): Promise<DeleteLogoutDeliveryResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const stored = await storedDelivery(data, deliveryId);
    const deleted = deliveryChanged(call, clock(), { ...stored.record, state: "deleted" }, stored.version + 1);
    try {
      await data.commit([remove(logoutDeliveries, stored)], [deleted]);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      throw failure(ErrorReason.CONFLICT, "the delivery was tried or changed at this moment; look at it again");
    }
    return create(DeleteLogoutDeliveryResponseSchema, {});
  };
}
