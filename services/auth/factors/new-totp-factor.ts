import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { FactorSchema, FactorUseSchema, type Factor, type FactorUse } from "#gen/koder/auth/store/v1/factor_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { Call } from "../../host/call.ts";
import type { Write } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import type { TenantVault } from "../../vault/vault.ts";
import { factors, factorUses } from "../collections.ts";
import { factorAdded } from "./factor-events.ts";
import { sealSecret } from "./totp-secret.ts";

/** An authenticator app that has shown a right code. */
export interface ShownTotp {
  readonly id: string;
  readonly userId: string;
  readonly displayName: string;
  readonly secret: string;
  /** The step of time of the code, which counts as used. */
  readonly step: number;
}

/** What is committed to add an authenticator app. */
export function newTotpFactor(
  vault: TenantVault,
  call: Call,
  now: number,
  { id, userId, displayName, secret, step }: ShownTotp,
): { readonly factor: Factor; readonly use: FactorUse; readonly writes: readonly Write[]; readonly event: Event } {
  const factor = create(FactorSchema, {
    id,
    userId,
    displayName,
    createTime: timestampFromMs(now),
    kind: {
      case: "totp",
      value: { $typeName: "koder.auth.store.v1.Totp", sealedSecret: sealSecret(vault, "factor", id, secret) },
    },
  });
  const use = create(FactorUseSchema, { factorId: id, lastStep: BigInt(step) });
  const event = factorAdded(call, now, factor);
  return { factor, use, writes: [insert(factors, factor), insert(factorUses, use)], event };
}
