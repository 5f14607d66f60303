import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { FactorSchema } from "#gen/koder/auth/store/v1/factor_pb.ts";
import {
  UpdateFactorResponseSchema,
  type UpdateFactorRequest,
  type UpdateFactorResponse,
} from "#gen/koder/auth/v1/factor_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { failure } from "../../host/failure.ts";
import { readUpdate } from "../../host/read-update.ts";
import { userOf } from "../../host/user-of.ts";
import { Conflict } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { factors, factorUses } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { factorRenamed } from "./factor-events.ts";
import { factorMessage } from "./factor-message.ts";
import { factorName } from "./factor-name.ts";
import { factorNotFound } from "./factor-not-found.ts";

/** Changes what a factor is called. */
export function updateFactor({ store, clock }: Pick<AuthDependencies, "store" | "clock">) {
  return async (request: UpdateFactorRequest, context: HandlerContext): Promise<UpdateFactorResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const userId = userOf(call, request);
    const { asked, paths } = readUpdate(request.factor, request.updateMask);
    const fixed = paths.find((path) => path !== "display_name");
    if (fixed !== undefined) {
      throw failure(ErrorReason.INVALID_REQUEST, `${fixed}: cannot be changed by this call`, {
        violations: [{ field: `factor.${fixed}`, description: "cannot be changed by this call" }],
      });
    }
    const displayName = factorName(asked.displayName, "factor.display_name");
    for (;;) {
      const stored = await data.get(factors, request.factorId);
      if (stored?.record.userId !== userId) throw factorNotFound();
      const record = create(FactorSchema, { ...stored.record, displayName });
      try {
        const event = factorRenamed(call, clock(), record, stored.version + 1);
        await data.commit([replace(factors, record, stored.version)], [event]);
      } catch (error) {
        if (error instanceof Conflict) continue; // changed or removed at this moment: as it is then
        throw error;
      }
      const use = await data.get(factorUses, record.id);
      return create(UpdateFactorResponseSchema, { factor: factorMessage(record, use?.record) });
    }
  };
}
