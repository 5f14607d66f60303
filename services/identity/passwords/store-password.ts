import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { PasswordSchema } from "#gen/koder/identity/store/v1/password_pb.ts";
import { UserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import type { Call } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { Conflict, type Stored } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import { passwords, users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import type { AllowedPassword } from "./check-by-policy.ts";
import { historyWrites } from "./password-history.ts";
import { userPasswordChanged, userUpdated } from "../users/user-events.ts";
import { userChangedMeanwhile } from "../users/user-not-found.ts";

/** A user who may be given a password, as far as the user's record decides it, and that password. */
export interface PasswordChange {
  readonly user: Stored<typeof UserSchema>;
  readonly allowed: AllowedPassword;
}

/** Checks whether somebody may be given the password of a call, as they are; undefined: they are not there. */
export type CheckChange = (user: Stored<typeof UserSchema> | undefined) => Promise<PasswordChange>;

/**
 * Hashes a password that was checked, and commits it in place of `before` with the user's record; `before` is kept where the
 * tenant's policy looks back at it. To hash takes long: where the user was changed meanwhile they are checked again as they are then,
 * and what they have become stays. Rejects with Conflict when there is another password than `before`: whatever was decided on it
 * does not hold then.
 */
export async function storePassword(
  { store, hashing, clock }: Pick<IdentityDependencies, "store" | "hashing" | "clock">,
  call: Call,
  checked: PasswordChange,
  before: Stored<typeof PasswordSchema> | undefined,
  {
    check,
    byAdministrator,
    changeRequired,
    emailVerified,
  }: {
    readonly check: CheckChange;
    readonly byAdministrator: boolean;
    readonly changeRequired: boolean;
    /** Set where the address was proven by the way. */
    readonly emailVerified?: boolean;
  },
): Promise<Stored<typeof UserSchema>> {
  const { id } = checked.user.record;
  const data = store.tenant(call.tenantId);
  const { password, policy } = checked.allowed;
  const kept = await historyWrites(data, id, before, policy.history);
  const hash = await hashing.hash(password, call.signal, policy.argon2);
  let current = checked;
  return changeLatest(undefined, async () => {
    const { user, allowed } = current;
    const now = clock();
    const time = timestampFromMs(now);
    const { needsSecondFactor } = allowed;
    const secret = create(PasswordSchema, { userId: id, ...hash, setTime: time, needsSecondFactor });
    const isVerified = emailVerified ?? user.record.emailVerified;
    const record = create(UserSchema, {
      ...user.record,
      passwordChangeRequired: changeRequired,
      emailVerified: isVerified,
      updateTime: time,
    });
    const version = user.version + 1;
    try {
      await data.commit(
        [
          replace(users, record, user.version),
          before === undefined ? insert(passwords, secret) : replace(passwords, secret, before.version),
          ...kept,
        ],
        [
          userPasswordChanged(call, now, id, version, byAdministrator),
          ...(isVerified === user.record.emailVerified
            ? []
            : [userUpdated(call, now, id, version, ["email_verified"])]),
        ],
      );
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      const [latest, present] = await Promise.all([data.get(users, id), data.get(passwords, id)]);
      if (present?.version !== before?.version) throw error;
      current = await check(latest);
      throw userChangedMeanwhile();
    }
    return { record, version };
  });
}
