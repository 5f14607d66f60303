import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { RecoveryCodesSchema } from "#gen/koder/auth/store/v1/factor_pb.ts";
import {
  GenerateRecoveryCodesResponseSchema,
  type GenerateRecoveryCodesRequest,
  type GenerateRecoveryCodesResponse,
} from "#gen/koder/auth/v1/factor_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { failure } from "../../host/failure.ts";
import { Conflict } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import { recoveryCodes } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { recoveryCodesChanged } from "./factor-events.ts";
import { hashedRecoveryCode, newRecoveryCode, recoveryCodeCount, recoveryCodeUse } from "./recovery-code.ts";
import { userOf } from "./user-of.ts";

/** Makes new recovery codes in the place of those that there were. They are random, so a keyed hash keeps them well. */
export function generateRecoveryCodes({ store, vault, clock }: Pick<AuthDependencies, "store" | "vault" | "clock">) {
  return async (
    request: GenerateRecoveryCodesRequest,
    context: HandlerContext,
  ): Promise<GenerateRecoveryCodesResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const userId = userOf(call, request);
    const tenantVault = await vault.tenant(call.tenantId);
    const now = clock();
    const codes = Array.from({ length: recoveryCodeCount }, newRecoveryCode);
    const record = create(RecoveryCodesSchema, {
      userId,
      codeHashes: codes.map((code) => tenantVault.keyedHash(recoveryCodeUse, hashedRecoveryCode(userId, code) ?? "")),
      createTime: timestampFromMs(now),
    });
    const before = await data.get(recoveryCodes, userId);
    const write = before === undefined ? insert(recoveryCodes, record) : replace(recoveryCodes, record, before.version);
    const state = { userId, version: (before?.version ?? 0) + 1, left: codes.length };
    try {
      await data.commit([write], [recoveryCodesChanged(call, now, state)]);
    } catch (error) {
      // Whoever else made or used codes at this moment: which are good must not be told wrongly.
      if (error instanceof Conflict)
        throw failure(ErrorReason.CONFLICT, "the codes changed meanwhile; repeat the call");
      throw error;
    }
    return create(GenerateRecoveryCodesResponseSchema, { recoveryCodes: codes });
  };
}
