import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { RememberedDeviceSchema } from "#gen/koder/auth/v1/remembered_device_pb.ts";
import {
  ListRememberedDevicesResponseSchema,
  type ListRememberedDevicesRequest,
  type ListRememberedDevicesResponse,
} from "#gen/koder/auth/v1/factor_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { userOf } from "../../host/user-of.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { devicesOfUser } from "./devices-of-user.ts";

/** The browsers in which a person is asked for no second factor. */
export function listRememberedDevices({ store }: Pick<AuthDependencies, "store">) {
  return async (
    request: ListRememberedDevicesRequest,
    context: HandlerContext,
  ): Promise<ListRememberedDevicesResponse> => {
    const call = callOf(context);
    const devices = await devicesOfUser(store.tenant(call.tenantId), userOf(call, request));
    return create(ListRememberedDevicesResponseSchema, {
      devices: devices.map(({ record: { id, userAgent, createTime, expireTime } }) =>
        create(RememberedDeviceSchema, {
          id,
          userAgent,
          ...(createTime ? { createTime } : {}),
          ...(expireTime ? { expireTime } : {}),
        }),
      ),
    });
  };
}
