import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import {
  ChangePasswordRequestSchema,
  VerifyPasswordRequestSchema,
} from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { ResetPasswordRequestSchema } from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { UserSchema, UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import {
  DeleteUserRequestSchema,
  SetUserPasswordRequestSchema,
  UpdateUserRequestSchema,
} from "#gen/koder/identity/v1/user_service_pb.ts";
import { users } from "../collections.ts";
import { changePassword } from "../credentials/change-password.ts";
import { verifyPassword } from "../credentials/verify-password.ts";
import { goodPassword, identityFixture, refusal } from "../identity-fixture.ts";
import { resetPassword } from "../mailbox/reset-password.ts";
import { deleteUser } from "../users/delete-user.ts";
import { setUserPassword } from "../users/set-user-password.ts";
import { updateUser } from "../users/update-user.ts";

const another = "another good pass phrase";
const email = "ana@example.com";

/** Somebody who is given another password, by each door, while something else is done at the moment when it is hashed. */
async function withUser() {
  const f = await identityFixture();
  const { id: userId } = await f.user({ username: "ana", email, password: goodPassword });
  const hash = f.argon2.hash.bind(f.argon2);
  const update = (user: MessageInitShape<typeof UserSchema>) => {
    const updateMask = create(FieldMaskSchema, { paths: Object.keys(user) });
    return updateUser(f.dependencies)(create(UpdateUserRequestSchema, { userId, user, updateMask }), f.context());
  };
  const set = (password: string) =>
    setUserPassword(f.dependencies)(create(SetUserPasswordRequestSchema, { userId, password }), f.context());
  const doors = {
    set: () => set(another),
    change: () =>
      changePassword(f.dependencies)(
        create(ChangePasswordRequestSchema, { userId, newPassword: another }),
        f.context(),
      ),
    reset: () =>
      resetPassword(f.dependencies)(
        create(ResetPasswordRequestSchema, { userId, email, newPassword: another }),
        f.context(),
      ),
  };
  return {
    userId,
    doors,
    set,
    update,
    remove: () => deleteUser(f.dependencies)(create(DeleteUserRequestSchema, { userId }), f.context()),
    while: (act: () => Promise<unknown>) =>
      Object.assign(f.argon2, {
        async hash(...asked: Parameters<typeof hash>) {
          Object.assign(f.argon2, { hash });
          await act();
          return hash(...asked);
        },
      }),
    stored: () => f.data.get(users, userId),
    verifies: async (password: string) => {
      const request = create(VerifyPasswordRequestSchema, { userId, password });
      return (await verifyPassword(f.dependencies)(request, f.context())).verified;
    },
  };
}

test.each(["set", "change", "reset"] as const)("%s: what the user became while it was hashed stays", async (door) => {
  const f = await withUser();
  f.while(async () => {
    await f.update({ name: "Ana Lima" });
    await f.update({ nickname: "An" });
  });
  await f.doors[door]();
  expect(await f.verifies(another)).toBe(true);
  expect((await f.stored())?.record).toMatchObject({
    name: "Ana Lima",
    nickname: "An",
    emailVerified: door === "reset",
  });
});

test.each(["change", "reset"] as const)("A8: %s does nothing for whoever was disabled meanwhile", async (door) => {
  const f = await withUser();
  f.while(() => f.update({ status: UserStatus.DISABLED }));
  expect(await refusal(f.doors[door]())).toMatchObject({ reason: "USER_NOT_FOUND" });
  await f.update({ status: UserStatus.ACTIVE });
  expect([await f.verifies(goodPassword), await f.verifies(another)]).toEqual([true, false]);
});

test("A16: an address that is not the user's any more meanwhile proves nothing", async () => {
  const f = await withUser();
  f.while(() => f.update({ email: "other@example.com" }));
  expect(await refusal(f.doors.reset())).toMatchObject({ reason: "USER_NOT_FOUND" });
  expect([await f.verifies(another), (await f.stored())?.record.emailVerified]).toEqual([false, false]);
});

test("whoever was deleted meanwhile gets none, and what has become their name is none", async () => {
  const f = await withUser();
  f.while(() => f.remove());
  expect(await refusal(f.doors.set())).toMatchObject({ reason: "USER_NOT_FOUND" });
  const other = await withUser();
  other.while(() => other.update({ name: "Another Good Pass Phrase" }));
  expect(await refusal(other.doors.set())).toMatchObject({ reason: "PASSWORD_NOT_ALLOWED" });
});

test("of two passwords at once one is set", async () => {
  const f = await withUser();
  const third = "a third good pass phrase";
  const results = await Promise.allSettled([f.doors.set(), f.set(third)]);
  expect(results.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  const set = results[0].status === "fulfilled" ? another : third;
  for (const password of [another, third]) expect(await f.verifies(password)).toBe(password === set);
});
