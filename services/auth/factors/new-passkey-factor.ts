import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { FactorSchema, FactorUseSchema, type Factor, type FactorUse } from "#gen/koder/auth/store/v1/factor_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { Call } from "../../host/call.ts";
import type { Write } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { factors, factorUses } from "../collections.ts";
import { authenticatorName } from "../passkeys/known-authenticators.ts";
import type { MadePasskey } from "../passkeys/verify-registration.ts";
import { factorAdded } from "./factor-events.ts";

/** What is committed to add a passkey. Whoever has not named it finds it by the name of its authenticator. */
export function newPasskeyFactor(
  call: Call,
  now: number,
  { id, userId, displayName }: { readonly id: string; readonly userId: string; readonly displayName: string },
  { passkey, signCount, backedUp }: MadePasskey,
): { readonly factor: Factor; readonly use: FactorUse; readonly writes: readonly Write[]; readonly event: Event } {
  const factor = create(FactorSchema, {
    id,
    userId,
    displayName: displayName || authenticatorName(passkey.aaguid),
    createTime: timestampFromMs(now),
    kind: { case: "passkey", value: passkey },
  });
  const use = create(FactorUseSchema, { factorId: id, signCount, backedUp });
  const event = factorAdded(call, now, factor);
  return { factor, use, writes: [insert(factors, factor), insert(factorUses, use)], event };
}
