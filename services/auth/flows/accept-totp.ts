import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  AcceptTotpResponseSchema,
  type AcceptTotpRequest,
  type AcceptTotpResponse,
} from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { flowMessage } from "./flow-message.ts";
import { takeNewTotp } from "./take-new-totp.ts";

/** Adds the authenticator app that was offered within a browser's flow. */
export function acceptTotp(dependencies: AuthDependencies) {
  return async (request: AcceptTotpRequest, context: HandlerContext): Promise<AcceptTotpResponse> => {
    const { flow, sessionToken, recoveryCodes } = await takeNewTotp(dependencies, callOf(context), request);
    return create(AcceptTotpResponseSchema, {
      flow: flowMessage(request.flowId, flow),
      sessionToken,
      recoveryCodes: [...recoveryCodes],
    });
  };
}
