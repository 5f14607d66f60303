import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  SubmitTotpResponseSchema,
  type SubmitTotpRequest,
  type SubmitTotpResponse,
} from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { flowMessage } from "./flow-message.ts";
import { takeTotp } from "./take-totp.ts";

/** Takes the code of a browser's flow. */
export function submitTotp(dependencies: AuthDependencies) {
  return async (request: SubmitTotpRequest, context: HandlerContext): Promise<SubmitTotpResponse> => {
    const { flow, sessionToken } = await takeTotp(dependencies, callOf(context), request);
    return create(SubmitTotpResponseSchema, { flow: flowMessage(request.flowId, flow), sessionToken });
  };
}
