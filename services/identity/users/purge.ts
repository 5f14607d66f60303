import type { UserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import type { Outbound } from "../../host/call.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { remove } from "../../store/writes.ts";
import { invitations, passwordHistories, passwords, users } from "../collections.ts";
import { invitationChanged } from "../invitations/invitation-event.ts";
import { userErased } from "./user-events.ts";

/**
 * Erases a deleted user: the record, the passwords, former ones too, and an invitation of their address that they never accepted,
 * in one commit, whose events tell every service, this one included, to remove what it has of them. Throws Conflict where somebody
 * was there first, who may have restored them.
 */
export async function purge(
  data: TenantStore,
  work: Outbound,
  now: number,
  stored: Stored<typeof UserSchema>,
): Promise<void> {
  const { id, emailKey } = stored.record;
  const [password, history, invitation] = await Promise.all([
    data.get(passwords, id),
    data.get(passwordHistories, id),
    emailKey === "" ? undefined : data.find(invitations, "email", emailKey),
  ]);
  await data.commit(
    [
      remove(users, stored),
      ...(password === undefined ? [] : [remove(passwords, password)]),
      ...(history === undefined ? [] : [remove(passwordHistories, history)]),
      ...(invitation === undefined ? [] : [remove(invitations, invitation)]),
    ],
    [
      userErased(work, now, id, stored.version + 1),
      ...(invitation === undefined
        ? []
        : [invitationChanged(work, now, invitation.record, invitation.version + 1, "revoked")]),
    ],
  );
}
