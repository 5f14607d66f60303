import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { PasswordSchema } from "#gen/koder/identity/store/v1/password_pb.ts";
import { UserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import type { Call } from "../../host/call.ts";
import type { Stored } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import { passwords, users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import type { AllowedPassword } from "./check-by-policy.ts";
import { historyWrites } from "./password-history.ts";
import { userPasswordChanged, userUpdated } from "../users/user-events.ts";

/**
 * Hashes a password that was checked, and commits it in place of `before` with the user's record; `before` is kept where the
 * tenant's policy looks back at it. Rejects with Conflict when anything is not any more what was read: whatever was decided on
 * it does not hold then.
 */
export async function storePassword(
  { store, hashing, clock }: Pick<IdentityDependencies, "store" | "hashing" | "clock">,
  call: Call,
  user: Stored<typeof UserSchema>,
  before: Stored<typeof PasswordSchema> | undefined,
  { password, needsSecondFactor, policy }: AllowedPassword,
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
  const data = store.tenant(call.tenantId);
  const kept = await historyWrites(data, id, before, policy.history);
  const hash = await hashing.hash(password, call.signal, policy.argon2);
  const now = clock();
  const time = timestampFromMs(now);
  const secret = create(PasswordSchema, { userId: id, ...hash, setTime: time, needsSecondFactor });
  const record = create(UserSchema, {
    ...user.record,
    passwordChangeRequired: changeRequired,
    emailVerified,
    updateTime: time,
  });
  const version = user.version + 1;
  await data.commit(
    [
      replace(users, record, user.version),
      before === undefined ? insert(passwords, secret) : replace(passwords, secret, before.version),
      ...kept,
    ],
    [
      userPasswordChanged(call, now, id, version, byAdministrator),
      ...(emailVerified === user.record.emailVerified ? [] : [userUpdated(call, now, id, version, ["email_verified"])]),
    ],
  );
  return { record, version };
}
