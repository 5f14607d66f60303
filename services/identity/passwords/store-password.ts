import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { PasswordSchema } from "#gen/koder/identity/store/v1/password_pb.ts";
import { UserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import type { Call } from "../../host/call.ts";
import type { Stored } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import { passwords, users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { userPasswordChanged, userUpdated } from "../users/user-events.ts";

/**
 * Hashes a password that was checked, and commits it in place of `before` with the user's record. Rejects with Conflict when
 * either is not any more what was read: whatever was decided on them does not hold then.
 */
export async function storePassword(
  { store, hashing, clock }: Pick<IdentityDependencies, "store" | "hashing" | "clock">,
  call: Call,
  user: Stored<typeof UserSchema>,
  before: Stored<typeof PasswordSchema> | undefined,
  password: string,
  {
    byAdministrator,
    changeRequired,
    emailVerified = user.record.emailVerified,
  }: {
    readonly byAdministrator: boolean;
    readonly changeRequired: boolean;
    /** Set where the address was proven by the way. */
    readonly emailVerified?: boolean;
  },
): Promise<Stored<typeof UserSchema>> {
  const { id } = user.record;
  const hash = await hashing.hash(password, call.signal);
  const now = clock();
  const time = timestampFromMs(now);
  const secret = create(PasswordSchema, { userId: id, ...hash, setTime: time });
  const record = create(UserSchema, {
    ...user.record,
    passwordChangeRequired: changeRequired,
    emailVerified,
    updateTime: time,
  });
  const version = user.version + 1;
  await store
    .tenant(call.tenantId)
    .commit(
      [
        replace(users, record, user.version),
        before === undefined ? insert(passwords, secret) : replace(passwords, secret, before.version),
      ],
      [
        userPasswordChanged(call, now, id, version, byAdministrator),
        ...(emailVerified === user.record.emailVerified
          ? []
          : [userUpdated(call, now, id, version, ["email_verified"])]),
      ],
    );
  return { record, version };
}
