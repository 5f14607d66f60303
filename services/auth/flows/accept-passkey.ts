import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  AcceptPasskeyResponseSchema,
  type AcceptPasskeyRequest,
  type AcceptPasskeyResponse,
} from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { flowMessage } from "./flow-message.ts";
import { takeNewPasskey } from "./take-new-passkey.ts";

/** Adds the passkey that a browser made within its flow. */
export function acceptPasskey(dependencies: AuthDependencies) {
  return async (request: AcceptPasskeyRequest, context: HandlerContext): Promise<AcceptPasskeyResponse> => {
    const { flow, sessionToken, recoveryCodes } = await takeNewPasskey(dependencies, callOf(context), request);
    return create(AcceptPasskeyResponseSchema, {
      flow: flowMessage(request.flowId, flow),
      sessionToken,
      recoveryCodes: [...recoveryCodes],
    });
  };
}
