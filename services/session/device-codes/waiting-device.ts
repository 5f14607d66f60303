import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { DeviceCode, DeviceCodeSchema } from "#gen/koder/session/store/v1/device_code_pb.ts";
import { WaitingDeviceSchema, type WaitingDevice } from "#gen/koder/session/v1/device_code_internal_pb.ts";
import type { Stored } from "../../store/store.ts";
import { shownUserCode } from "./user-code.ts";

/** Whether a device code is past its time. */
export const isExpired = ({ useBefore }: DeviceCode, now: number): boolean =>
  useBefore === undefined || now >= timestampMs(useBefore);

/** Whether a device code still waits for a decision. */
export const isWaiting = (record: DeviceCode, now: number): boolean =>
  record.decision === "" && !isExpired(record, now);

/** What waits, as the oauth service sees it; undefined for what waits no more. */
export function waitingDevice(
  stored: Stored<typeof DeviceCodeSchema> | undefined,
  now: number,
): WaitingDevice | undefined {
  if (stored === undefined || !isWaiting(stored.record, now)) return undefined;
  const { codeHash, clientId, scopes, resources, userCode } = stored.record;
  return create(WaitingDeviceSchema, {
    deviceCodeId: codeHash,
    clientId,
    scopes,
    resources,
    userCode: shownUserCode(userCode),
  });
}
