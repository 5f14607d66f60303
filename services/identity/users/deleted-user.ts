import type { UserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import type { Call } from "../../host/call.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { users } from "../collections.ts";
import { checkMayChange } from "./check-may-change.ts";
import { userNotDeleted, userNotFound } from "./user-not-found.ts";

/** A user who was deleted and is still there, for somebody who may change them. Throws where one of that is not so. */
export async function deletedUser(data: TenantStore, call: Call, userId: string): Promise<Stored<typeof UserSchema>> {
  const stored = await data.get(users, userId);
  if (stored === undefined) throw userNotFound(userId);
  await checkMayChange(data, stored.record, call);
  if (stored.record.status !== UserStatus.DELETED) throw userNotDeleted(userId);
  return stored;
}
