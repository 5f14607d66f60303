import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { RecoveryCodesSchema } from "#gen/koder/auth/store/v1/factor_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { Call } from "../../host/call.ts";
import type { TenantStore, Write } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import type { TenantVault } from "../../vault/vault.ts";
import { recoveryCodes } from "../collections.ts";
import { recoveryCodesChanged } from "./factor-events.ts";
import { hashedRecoveryCode, newRecoveryCode, recoveryCodeCount, recoveryCodeUse } from "./recovery-code.ts";

/** New recovery codes, and what is committed to have them in the place of those that there are. */
export async function newRecoveryCodes(
  data: TenantStore,
  vault: TenantVault,
  call: Call,
  now: number,
  userId: string,
): Promise<{ readonly codes: readonly string[]; readonly write: Write; readonly event: Event }> {
  const codes = Array.from({ length: recoveryCodeCount }, newRecoveryCode);
  const record = create(RecoveryCodesSchema, {
    userId,
    codeHashes: codes.map((code) => vault.keyedHash(recoveryCodeUse, hashedRecoveryCode(userId, code) ?? "")),
    createTime: timestampFromMs(now),
  });
  const before = await data.get(recoveryCodes, userId);
  const write = before === undefined ? insert(recoveryCodes, record) : replace(recoveryCodes, record, before.version);
  const state = { userId, version: (before?.version ?? 0) + 1, left: codes.length };
  return { codes, write, event: recoveryCodesChanged(call, now, state) };
}
