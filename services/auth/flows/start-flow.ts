import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import {
  StartFlowResponseSchema,
  type StartFlowRequest,
  type StartFlowResponse,
} from "#gen/koder/auth/v1/flow_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { authFailure } from "../auth-failure.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { beginFlow } from "./begin-flow.ts";

/** Starts a flow outside of a browser, for a client that the policy lets do so. That client alone can use what comes of it. */
export function startFlow(dependencies: AuthDependencies) {
  return async (request: StartFlowRequest, context: HandlerContext): Promise<StartFlowResponse> => {
    const call = callOf(context);
    const { directFlows } = await dependencies.policies.get(call);
    if (!directFlows.has(request.clientId)) {
      throw authFailure(
        AuthErrorReason.DIRECT_FLOWS_NOT_ALLOWED,
        "client_id: may not sign people in outside of the sign-in pages",
      );
    }
    const { username, clientId, acrValues } = request;
    return create(StartFlowResponseSchema, {
      flow: await beginFlow(dependencies, call, { username, clientId, acrValues }),
    });
  };
}
