import type { UserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import type { Outbound } from "../../host/call.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { remove } from "../../store/writes.ts";
import { passwordHistories, passwords, users } from "../collections.ts";
import { userErased } from "./user-events.ts";

/**
 * Erases a deleted user: the record and the passwords, former ones too, in one commit, whose event tells every service, this one included, to
 * remove what it has of them. Throws Conflict where somebody was there first, who may have restored them.
 */
export async function purge(
  data: TenantStore,
  work: Outbound,
  now: number,
  stored: Stored<typeof UserSchema>,
): Promise<void> {
  const { id } = stored.record;
  const [password, history] = await Promise.all([data.get(passwords, id), data.get(passwordHistories, id)]);
  await data.commit(
    [
      remove(users, stored),
      ...(password === undefined ? [] : [remove(passwords, password)]),
      ...(history === undefined ? [] : [remove(passwordHistories, history)]),
    ],
    [userErased(work, now, id, stored.version + 1)],
  );
}
