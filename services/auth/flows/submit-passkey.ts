import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  SubmitPasskeyResponseSchema,
  type SubmitPasskeyRequest,
  type SubmitPasskeyResponse,
} from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { flowMessage } from "./flow-message.ts";
import { takePasskey } from "./take-passkey.ts";

/** Takes the passkey of a browser's flow, or the one that begins it. */
export function submitPasskey(dependencies: AuthDependencies) {
  return async (request: SubmitPasskeyRequest, context: HandlerContext): Promise<SubmitPasskeyResponse> => {
    const { flow, sessionToken } = await takePasskey(dependencies, callOf(context), request);
    return create(SubmitPasskeyResponseSchema, { flow: flowMessage(request.flowId, flow), sessionToken });
  };
}
