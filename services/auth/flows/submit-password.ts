import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  SubmitPasswordResponseSchema,
  type SubmitPasswordRequest,
  type SubmitPasswordResponse,
} from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { flowMessage } from "./flow-message.ts";
import { beginWithPassword } from "./take-password.ts";

/** Begins a browser's flow by a login name and its password. */
export function submitPassword(dependencies: AuthDependencies) {
  return async (request: SubmitPasswordRequest, context: HandlerContext): Promise<SubmitPasswordResponse> => {
    const { id, flow, sessionToken } = await beginWithPassword(dependencies, callOf(context), request);
    return create(SubmitPasswordResponseSchema, { flow: flowMessage(id, flow), sessionToken });
  };
}
