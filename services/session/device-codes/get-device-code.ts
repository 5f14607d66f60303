import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetDeviceCodeResponseSchema,
  type GetDeviceCodeRequest,
  type GetDeviceCodeResponse,
} from "#gen/koder/session/v1/device_code_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { deviceCodes } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { waitingDevice } from "./waiting-device.ts";

/** What waits for a decision, by the id that the user code was found with. */
export function getDeviceCode({ store, clock }: SessionDependencies) {
  return async ({ deviceCodeId }: GetDeviceCodeRequest, context: HandlerContext): Promise<GetDeviceCodeResponse> => {
    const stored = await store.tenant(callOf(context).tenantId).get(deviceCodes, deviceCodeId);
    const device = waitingDevice(stored, clock());
    return create(GetDeviceCodeResponseSchema, device === undefined ? {} : { device });
  };
}
