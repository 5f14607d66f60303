import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { ownWork } from "../../host/call.ts";
import { deadlines } from "../../host/interceptors/deadline.ts";
import type { Duty } from "../../host/leased-work.ts";
import { Conflict } from "../../store/store.ts";
import { ulid } from "../../vault/random.ts";
import { users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { purgeTimeOf } from "./purge-time.ts";
import { purge } from "./purge.ts";
import type { DueUser } from "./purge-schedule.ts";

const batch = 50;
/** Between two looks where nobody is due sooner, in milliseconds. */
const longestPause = 60_000;

/** Erases the users whose time has come, of all tenants. What the user's record says counts, not the schedule. */
export function purgeDueUsers({
  store,
  purges,
  clock,
}: Pick<IdentityDependencies, "store" | "purges" | "clock">): Duty {
  async function look(due: DueUser): Promise<void> {
    const data = store.tenant(due.tenantId);
    const stored = await data.get(users, due.userId);
    if (stored?.record.status !== UserStatus.DELETED) return purges.drop(due);
    const now = clock();
    const at = purgeTimeOf(stored.record);
    if (at > now) return purges.settle(due, at);
    const { tenantId } = due;
    const work = ownWork({ service: "identity", tenantId, requestId: ulid(now), deadline: now + deadlines.usual });
    try {
      await purge(data, work, now, stored);
    } catch (error) {
      // Somebody changed or erased them at this moment: the next look sees what is there.
      if (!(error instanceof Conflict)) throw error;
      return;
    }
    await purges.drop(due);
  }

  return {
    name: "purge deleted users",
    async step() {
      const first = await purges.first(batch);
      const now = clock();
      const due = first.filter(({ at }) => at <= now);
      for (const one of due) await look(one);
      if (due.length === batch) return 0;
      const next = first.find(({ at }) => at > now);
      return Math.min(longestPause, next === undefined ? longestPause : next.at - now);
    },
  };
}
