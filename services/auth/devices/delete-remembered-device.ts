import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import {
  DeleteRememberedDeviceResponseSchema,
  type DeleteRememberedDeviceRequest,
  type DeleteRememberedDeviceResponse,
} from "#gen/koder/auth/v1/factor_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { userOf } from "../../host/user-of.ts";
import { authFailure } from "../auth-failure.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { devicesOfUser, forgetDevices } from "./devices-of-user.ts";

/** Forgets one of a person's browsers. */
export function deleteRememberedDevice({ store, clock }: Pick<AuthDependencies, "store" | "clock">) {
  return async (
    request: DeleteRememberedDeviceRequest,
    context: HandlerContext,
  ): Promise<DeleteRememberedDeviceResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const devices = await devicesOfUser(data, userOf(call, request));
    const named = devices.filter(({ record }) => record.id === request.deviceId);
    if (named.length === 0) {
      throw authFailure(AuthErrorReason.DEVICE_NOT_FOUND, `no remembered browser has the id ${request.deviceId}`);
    }
    await forgetDevices(data, call, clock(), named);
    return create(DeleteRememberedDeviceResponseSchema);
  };
}
