import { inWindow } from "../../host/windowed-attempts.ts";
import type { TenantStore } from "../../store/store.ts";
import { tooMany } from "../attempts.ts";
import type { EmailPolicy } from "./email-policy.ts";

const hour = 60 * 60_000;

/** Counts that a user is mailed a link. Throws TOO_MANY_ATTEMPTS: no mailbox is filled by whoever asks often. */
export async function countMailed(data: TenantStore, policy: EmailPolicy, now: number, userId: string): Promise<void> {
  const [counter, forgotten] = inWindow(`mailed/user/${userId}`, hour, now);
  if ((await data.add(counter, 1, forgotten)) > policy.perUser) throw tooMany(hour);
}
