import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { SessionErrorReason } from "#gen/koder/session/v1/errors_pb.ts";
import {
  TryUserCodeResponseSchema,
  type TryUserCodeRequest,
  type TryUserCodeResponse,
} from "#gen/koder/session/v1/device_code_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { countAttemptInWindow, takeFromCounters } from "../../host/windowed-attempts.ts";
import { deviceCodes } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { sessionFailure } from "../session-failure.ts";
import { typedUserCode } from "./user-code.ts";
import { waitingDevice } from "./waiting-device.ts";

/**
 * Finds what waits by its user code, which is short: every attempt is counted before anything is looked for, for the address
 * and for the tenant, and taken back when something was found (RFC 8628 §5.1, security A7). What has not the form of a user
 * code is looked for nowhere, and no guess.
 */
export function tryUserCode({ store, clock, userCodeAttempts }: SessionDependencies) {
  return async (request: TryUserCodeRequest, context: HandlerContext): Promise<TryUserCodeResponse> => {
    const userCode = typedUserCode(request.userCode);
    if (userCode === undefined) return create(TryUserCodeResponseSchema, {});
    const data = store.tenant(callOf(context).tenantId);
    const now = clock();
    const attempt = await countAttemptInWindow(data, "user-codes", userCodeAttempts, now, request.remoteAddress);
    if (attempt.isTooMany) {
      throw sessionFailure(SessionErrorReason.TOO_MANY_USER_CODES, "too many codes; wait before the next one", {
        retryAfter: Math.ceil((userCodeAttempts.window - (now % userCodeAttempts.window)) / 1000),
      });
    }
    const device = waitingDevice(await data.find(deviceCodes, "user_code", userCode), now);
    if (device === undefined) return create(TryUserCodeResponseSchema, {});
    await takeFromCounters(data, attempt.takeBack);
    return create(TryUserCodeResponseSchema, { device });
  };
}
