import { create } from "@bufbuild/protobuf";
import { RecoveryCodesSchema, type FactorSchema } from "#gen/koder/auth/store/v1/factor_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { Outbound } from "../../host/call.ts";
import { Conflict, type Stored, type TenantStore, type Write } from "../../store/store.ts";
import { remove, replace } from "../../store/writes.ts";
import { factors, factorUses, recoveryCodes } from "../collections.ts";
import { factorRemoved, recoveryCodesChanged } from "./factor-events.ts";
import { factorsOfUser } from "./factors-of-user.ts";

/**
 * Removes one of a person's factors or all, and the recovery codes where none is left, in one commit. Answers how many
 * factors were removed. What somebody uses or adds meanwhile is looked at again.
 */
export async function removeFactors(
  data: TenantStore,
  call: Outbound,
  now: number,
  userId: string,
  which: "all" | { readonly factorId: string },
): Promise<number> {
  for (;;) {
    const all = await factorsOfUser(data, userId);
    const meant = which === "all" ? all : all.filter(({ record }) => record.id === which.factorId);
    if (meant.length === 0 && which !== "all") return 0;
    const removals = await Promise.all(meant.map((stored) => removal(data, call, now, stored)));
    const voiding = meant.length === all.length ? await voidRecoveryCodes(data, call, now, userId) : nothing;
    const changes = [...removals, voiding];
    const writes = changes.flatMap((change) => change.writes);
    if (writes.length === 0) return 0;
    try {
      await data.commit(
        writes,
        changes.flatMap((change) => change.events),
      );
      return meant.length;
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
    }
  }
}

/** A part of what is committed. */
interface Change {
  readonly writes: readonly Write[];
  readonly events: readonly Event[];
}

const nothing: Change = { writes: [], events: [] };

async function removal(
  data: TenantStore,
  call: Outbound,
  now: number,
  stored: Stored<typeof FactorSchema>,
): Promise<Change> {
  const use = await data.get(factorUses, stored.record.id);
  return {
    writes: [remove(factors, stored), ...(use === undefined ? [] : [remove(factorUses, use)])],
    events: [factorRemoved(call, now, stored.record, stored.version)],
  };
}

/** The record stays, so that its events keep their order. */
async function voidRecoveryCodes(data: TenantStore, call: Outbound, now: number, userId: string): Promise<Change> {
  const codes = await data.get(recoveryCodes, userId);
  if (codes === undefined || codes.record.codeHashes.length === 0) return nothing;
  const voided = create(RecoveryCodesSchema, { ...codes.record, codeHashes: [] });
  return {
    writes: [replace(recoveryCodes, voided, codes.version)],
    events: [recoveryCodesChanged(call, now, { userId, version: codes.version + 1, left: 0 })],
  };
}
