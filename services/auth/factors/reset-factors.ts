import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ResetFactorsResponseSchema,
  type ResetFactorsRequest,
  type ResetFactorsResponse,
} from "#gen/koder/auth/v1/factor_service_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { checkMayChange } from "../account/check-may-change.ts";
import { removeFactors } from "./remove-factors.ts";
import { userOf } from "../../host/user-of.ts";

/** Removes every factor of a person, and their recovery codes. */
export function resetFactors({ store, peers, clock }: Pick<AuthDependencies, "store" | "peers" | "clock">) {
  return async (request: ResetFactorsRequest, context: HandlerContext): Promise<ResetFactorsResponse> => {
    const call = callOf(context);
    const userId = userOf(call, request);
    await checkMayChange(peers, call, userId, "removes factors of somebody who has it");
    await removeFactors(store.tenant(call.tenantId), call, clock(), userId, "all");
    return create(ResetFactorsResponseSchema, {});
  };
}
