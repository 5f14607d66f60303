import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import type { TenantStore } from "../../store/store.ts";
import { users } from "../collections.ts";
import { userNotFound } from "./user-not-found.ts";

/** Throws USER_NOT_FOUND for an id that nobody of the tenant has, or somebody who is deleted: they are given nothing. */
export async function checkUserIsThere(data: TenantStore, userId: string): Promise<void> {
  const stored = await data.get(users, userId);
  if (stored === undefined || stored.record.status === UserStatus.DELETED) throw userNotFound(userId);
}
