import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  DeleteFactorResponseSchema,
  type DeleteFactorRequest,
  type DeleteFactorResponse,
} from "#gen/koder/auth/v1/factor_service_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { checkMayChange } from "../account/check-may-change.ts";
import { factorNotFound } from "./factor-not-found.ts";
import { removeFactors } from "./remove-factors.ts";
import { userOf } from "../../host/user-of.ts";

/** Removes one factor. */
export function deleteFactor({ store, peers, clock }: Pick<AuthDependencies, "store" | "peers" | "clock">) {
  return async (request: DeleteFactorRequest, context: HandlerContext): Promise<DeleteFactorResponse> => {
    const call = callOf(context);
    const userId = userOf(call, request);
    await checkMayChange(peers, call, userId, "removes factors of somebody who has it");
    const data = store.tenant(call.tenantId);
    const removed = await removeFactors(data, call, clock(), userId, request);
    if (removed === 0) throw factorNotFound();
    return create(DeleteFactorResponseSchema, {});
  };
}
