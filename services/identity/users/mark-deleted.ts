import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { UserSchema as StoredUserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import type { Call } from "../../host/call.ts";
import { Conflict, type Stored } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { users } from "../collections.ts";
import { voidWhatWasIssued } from "../credentials/void-what-was-issued.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { identityFailure } from "../identity-failure.ts";
import { purgeTimeOf } from "./purge-time.ts";
import { userDeleted } from "./user-events.ts";
import { userChangedMeanwhile } from "./user-not-found.ts";

/** What deleting a user needs. */
export type DeletionNeeds = Pick<IdentityDependencies, "store" | "peers" | "clock" | "purges">;

/**
 * Deletes a user softly: until `purgeAt` (ms) they are there for administrators, may do nothing, and can be restored; then they
 * are erased. Of one that is deleted already, the time can only come sooner. The schedule first, then the user, then the
 * epoch: a crash in between leaves somebody to look at in vain, or what was issued good until a repeat or `finishVoiding`.
 */
export async function markDeleted(
  needs: DeletionNeeds,
  call: Call,
  stored: Stored<typeof StoredUserSchema>,
  purgeAt: number,
): Promise<Stored<typeof StoredUserSchema>> {
  const before = stored.record;
  if (before.instanceOwner) {
    throw identityFailure(IdentityErrorReason.USER_OWNS_INSTANCE, "the owner of the instance cannot be deleted");
  }
  const isDeleted = before.status === UserStatus.DELETED;
  if (isDeleted && purgeTimeOf(before) <= purgeAt) {
    await voidWhatWasIssued(needs, call, { userId: before.id, version: stored.version });
    return stored;
  }
  await needs.purges.lookBy(call.tenantId, before.id, purgeAt);
  const now = needs.clock();
  const record = create(StoredUserSchema, {
    ...before,
    status: UserStatus.DELETED,
    statusBeforeDelete: isDeleted ? before.statusBeforeDelete : before.status,
    deleteTime: isDeleted && before.deleteTime ? before.deleteTime : timestampFromMs(now),
    purgeTime: timestampFromMs(purgeAt),
    updateTime: timestampFromMs(now),
  });
  const version = stored.version + 1;
  try {
    await needs.store
      .tenant(call.tenantId)
      .commit([replace(users, record, stored.version)], [userDeleted(call, now, record.id, version, purgeAt)]);
  } catch (error) {
    throw error instanceof Conflict ? userChangedMeanwhile() : error;
  }
  await voidWhatWasIssued(needs, call, { userId: record.id, version });
  return { record, version };
}
