import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListFactorsResponseSchema,
  type ListFactorsRequest,
  type ListFactorsResponse,
} from "#gen/koder/auth/v1/factor_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { factorUses } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { factorMessage } from "./factor-message.ts";
import { factorsOfUser, recoveryCodesLeft } from "./factors-of-user.ts";
import { userOf } from "../../host/user-of.ts";

/** A person's factors, and how many recovery codes they have left. */
export function listFactors({ store }: Pick<AuthDependencies, "store">) {
  return async (request: ListFactorsRequest, context: HandlerContext): Promise<ListFactorsResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const userId = userOf(call, request);
    const [factors, left] = await Promise.all([factorsOfUser(data, userId), recoveryCodesLeft(data, userId)]);
    const shown = factors.map(async ({ record }) =>
      factorMessage(record, (await data.get(factorUses, record.id))?.record),
    );
    return create(ListFactorsResponseSchema, { factors: await Promise.all(shown), recoveryCodesLeft: left });
  };
}
