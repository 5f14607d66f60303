import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { FactorSchema, FactorUseSchema, PasskeySchema } from "#gen/koder/auth/store/v1/factor_pb.ts";
import type { Call } from "../../host/call.ts";
import { Conflict } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { factors, factorUses } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { passkeyCounterFell } from "../factors/factor-events.ts";
import type { UsedUp } from "../flows/complete-flow.ts";
import type { ShownPasskey } from "./verify-assertion.ts";

/**
 * What a passkey's signature uses up: the counter that it said (WebAuthn §6.1.1, §7.2). One that counts must say more than it has
 * said before; where it does not, somebody may have a copy of its key: that is noted, told, and answered by undefined, as a
 * passkey that was removed meanwhile is.
 */
export async function useUpPasskey(
  { store, clock }: Pick<AuthDependencies, "store" | "clock">,
  call: Call,
  factorId: string,
  { signCount, backedUp }: ShownPasskey,
): Promise<UsedUp | undefined> {
  const data = store.tenant(call.tenantId);
  const now = timestampFromMs(clock());
  const use = await data.get(factorUses, factorId);
  if (use === undefined) return undefined;
  const counts = signCount > 0 || use.record.signCount > 0;
  if (counts && signCount <= use.record.signCount) {
    await noteFall();
    return undefined;
  }
  const used = create(FactorUseSchema, { ...use.record, signCount, backedUp, lastUseTime: now });
  return { writes: [replace(factorUses, used, use.version)], events: [] };

  async function noteFall(): Promise<void> {
    const stored = await data.get(factors, factorId);
    if (stored?.record.kind.case !== "passkey") return;
    const value = create(PasskeySchema, { ...stored.record.kind.value, counterFellTime: now });
    const record = create(FactorSchema, { ...stored.record, kind: { case: "passkey", value } });
    try {
      const event = passkeyCounterFell(call, clock(), record, stored.version + 1);
      await data.commit([replace(factors, record, stored.version)], [event]);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error; // noted, renamed or removed by another at this moment
    }
  }
}
