import type { FactorSchema } from "#gen/koder/auth/store/v1/factor_pb.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { factors, recoveryCodes } from "../collections.ts";

/** How many factors one person may have. */
export const mostFactors = 20;

/** A person's factors, oldest first. Somewhat more than the limit are read: those that were added at one moment. */
export async function factorsOfUser(
  data: TenantStore,
  userId: string,
): Promise<readonly Stored<typeof FactorSchema>[]> {
  return (await data.page(factors, { index: "user_id", equals: userId, limit: 5 * mostFactors })).items;
}

/** How many recovery codes a person has left. */
export async function recoveryCodesLeft(data: TenantStore, userId: string): Promise<number> {
  return (await data.get(recoveryCodes, userId))?.record.codeHashes.length ?? 0;
}
