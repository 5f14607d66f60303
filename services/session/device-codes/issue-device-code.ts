import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { DeviceCodeSchema } from "#gen/koder/session/store/v1/device_code_pb.ts";
import {
  IssueDeviceCodeResponseSchema,
  type IssueDeviceCodeRequest,
  type IssueDeviceCodeResponse,
} from "#gen/koder/session/v1/device_code_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { failure } from "../../host/failure.ts";
import { Conflict } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { randomToken } from "../../vault/random.ts";
import { deviceCodes } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { epochOf } from "../revocation/epoch.ts";
import { deviceCodeUse } from "./find-by-code.ts";
import { newUserCode, shownUserCode } from "./user-code.ts";

/** Two of the user codes that wait are the same once in a great while; so often in a row they are not. */
const attempts = 8;

/**
 * Issues a device code (RFC 8628 §3.2): 256 random bits of which only the keyed hash is kept, bound to client and tenant. Its
 * user code is one that no other device waits with: the store's unique index says so. One write.
 */
export function issueDeviceCode({ store, vault, clock, lifetimes }: SessionDependencies) {
  return async (request: IssueDeviceCodeRequest, context: HandlerContext): Promise<IssueDeviceCodeResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const [clientEpoch, tenantVault] = await Promise.all([
      epochOf(data, { client: request.clientId }),
      vault.tenant(call.tenantId),
    ]);
    const now = clock();
    const code = randomToken("kdc_");
    const useBefore = now + lifetimes.deviceCode;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const record = create(DeviceCodeSchema, {
        codeHash: tenantVault.keyedHash(deviceCodeUse, code),
        userCode: newUserCode(),
        clientId: request.clientId,
        scopes: request.scopes,
        resources: request.resources,
        clientEpoch,
        intervalSeconds: lifetimes.devicePollInterval / 1000,
        useBefore: timestampFromMs(useBefore),
        expireTime: timestampFromMs(useBefore + lifetimes.codeKept),
      });
      const issued = eventOf(
        call,
        now,
        { type: "device_code", id: record.codeHash, version: 1 },
        {
          case: "deviceCodeIssued",
          value: {
            $typeName: "koder.events.v1.DeviceCodeIssued",
            clientId: record.clientId,
            scopes: record.scopes,
          },
        },
      );
      try {
        await data.commit([insert(deviceCodes, record)], [issued]);
      } catch (error) {
        if (error instanceof Conflict && error.index === "user_code") continue;
        throw error;
      }
      return create(IssueDeviceCodeResponseSchema, {
        deviceCode: code,
        userCode: shownUserCode(record.userCode),
        lifetime: durationFromMs(lifetimes.deviceCode),
        interval: durationFromMs(lifetimes.devicePollInterval),
      });
    }
    throw failure(ErrorReason.CONFLICT, "no user code could be found that nobody waits with");
  };
}
