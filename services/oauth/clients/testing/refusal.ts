import { refusal as refusalOf } from "../../../host/testing/refusal.ts";

/** Why a call was refused: reason and the fields named. Throws when it was not refused by a reason of ours. */
export async function refusal(call: Promise<unknown>): Promise<{ reason: string; fields: string[] }> {
  const { reason, fields } = await refusalOf(call);
  return { reason, fields };
}
