import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { PasswordSchema } from "#gen/koder/identity/store/v1/password_pb.ts";
import { UserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import type { Call } from "../../host/call.ts";
import type { Stored } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import { passwords, users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { userPasswordChanged } from "../users/user-events.ts";

/** Hashes a password that was checked, and commits it with the user's record. Rejects with Conflict when either changed. */
export async function storePassword(
  { store, hashing, clock }: Pick<IdentityDependencies, "store" | "hashing" | "clock">,
  call: Call,
  user: Stored<typeof UserSchema>,
  password: string,
  { byAdministrator, changeRequired }: { readonly byAdministrator: boolean; readonly changeRequired: boolean },
): Promise<void> {
  const data = store.tenant(call.tenantId);
  const { id } = user.record;
  const before = await data.get(passwords, id);
  const phc = await hashing.hash(password, call.signal);
  const now = clock();
  const record = create(PasswordSchema, { userId: id, phc, setTime: timestampFromMs(now) });
  const changed = create(UserSchema, {
    ...user.record,
    passwordChangeRequired: changeRequired,
    updateTime: timestampFromMs(now),
  });
  await data.commit(
    [
      replace(users, changed, user.version),
      before === undefined ? insert(passwords, record) : replace(passwords, record, before.version),
    ],
    [userPasswordChanged(call, now, id, user.version + 1, byAdministrator)],
  );
}
