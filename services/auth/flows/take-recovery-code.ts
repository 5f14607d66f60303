import { create } from "@bufbuild/protobuf";
import { RecoveryCodesSchema } from "#gen/koder/auth/store/v1/factor_pb.ts";
import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { replace } from "../../store/writes.ts";
import { recoveryCodes } from "../collections.ts";
import type { Call } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { recoveryCodeUsed } from "../factors/factor-events.ts";
import { hashedRecoveryCode, recoveryCodeUse } from "../factors/recovery-code.ts";
import type { GoneOn } from "./go-on.ts";
import { takeSecondFactor, type GivenCode } from "./second-factor.ts";
import type { UsedUp } from "./complete-flow.ts";

const recoveryCode = { step: FlowStep.RECOVERY_CODE, factor: SignInFactor.RECOVERY_CODE } as const;

/** Takes a recovery code in the place of another second factor. */
export const takeRecoveryCode = (dependencies: AuthDependencies, call: Call, given: GivenCode): Promise<GoneOn> =>
  takeSecondFactor(dependencies, call, given, recoveryCode, ({ userId }) =>
    useUpCode(dependencies, call, userId, given.code),
  );

/** One of the codes that a person has left, used up; undefined for one that they do not have. */
async function useUpCode(
  { store, vault, clock }: Pick<AuthDependencies, "store" | "vault" | "clock">,
  call: Call,
  userId: string,
  typed: string,
): Promise<UsedUp | undefined> {
  const stored = await store.tenant(call.tenantId).get(recoveryCodes, userId);
  const code = hashedRecoveryCode(userId, typed);
  if (stored === undefined || code === undefined) return undefined;
  const hashes = (await vault.tenant(call.tenantId)).keyedHashes(recoveryCodeUse, code);
  const left = stored.record.codeHashes.filter((hash) => !hashes.includes(hash));
  if (left.length === stored.record.codeHashes.length) return undefined;
  const record = create(RecoveryCodesSchema, { ...stored.record, codeHashes: left });
  const state = { userId, version: stored.version + 1, left: left.length };
  return {
    writes: [replace(recoveryCodes, record, stored.version)],
    events: [recoveryCodeUsed(call, clock(), state)],
  };
}
