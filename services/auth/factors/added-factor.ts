import type { Factor } from "#gen/koder/auth/v1/factor_pb.ts";
import type { TenantStore } from "../../store/store.ts";
import { factors, factorUses } from "../collections.ts";
import { factorMessage } from "./factor-message.ts";

/** The factor of a person that an earlier call with this id added, for the answer to a repeat; undefined where none did. */
export async function addedFactor(data: TenantStore, userId: string, id: string): Promise<Factor | undefined> {
  const added = await data.get(factors, id);
  if (added?.record.userId !== userId) return undefined;
  const use = await data.get(factorUses, id);
  return factorMessage(added.record, use?.record);
}
