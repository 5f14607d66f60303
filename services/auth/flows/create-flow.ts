import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  CreateFlowResponseSchema,
  type CreateFlowRequest,
  type CreateFlowResponse,
} from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { beginFlow } from "./begin-flow.ts";

/** Starts a flow of a browser. */
export function createFlow(dependencies: AuthDependencies) {
  return async (request: CreateFlowRequest, context: HandlerContext): Promise<CreateFlowResponse> =>
    create(CreateFlowResponseSchema, { flow: await beginFlow(dependencies, callOf(context), request) });
}
