import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  ChangeEmailRequestSchema,
  CheckNewPasswordRequestSchema,
  GetMailboxRequestSchema,
  ResetPasswordRequestSchema,
  VerifyEmailRequestSchema,
} from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { passwords, users } from "../collections.ts";
import { goodPassword, identityFixture, refusal } from "../identity-fixture.ts";
import { changeEmail } from "./change-email.ts";
import { checkNewPassword } from "./check-new-password.ts";
import { getMailbox } from "./get-mailbox.ts";
import { resetPassword } from "./reset-password.ts";
import { verifyEmail } from "./verify-email.ts";

const newPassword = "another horse, battery and staple";

async function withUser(status: UserStatus = UserStatus.ACTIVE) {
  const f = await identityFixture();
  const user = await f.user({
    username: "ana",
    email: "Ana@Example.com",
    locale: "pt-BR",
    password: goodPassword,
    status,
  });
  const service = f.context({ caller: { kind: "service", service: "auth" } });
  return {
    f,
    id: user.id,
    mailbox: (userId: string) => getMailbox(f.dependencies)(create(GetMailboxRequestSchema, { userId }), service),
    check: (userId: string, password: string) =>
      checkNewPassword(f.dependencies)(
        create(CheckNewPasswordRequestSchema, { userId, newPassword: password }),
        service,
      ),
    verify: (userId: string, email: string) =>
      verifyEmail(f.dependencies)(create(VerifyEmailRequestSchema, { userId, email }), service),
    change: (userId: string, oldEmail: string, newEmail: string) =>
      changeEmail(f.dependencies)(create(ChangeEmailRequestSchema, { userId, oldEmail, newEmail }), service),
    reset: (userId: string, email: string, password = newPassword) =>
      resetPassword(f.dependencies)(
        create(ResetPasswordRequestSchema, { userId, email, newPassword: password }),
        service,
      ),
  };
}

const stranger = "01JZZZZZZZZZZZZZZZZZZZZZZZ";

test("a mailbox is that of a user who may sign in", async () => {
  const { id, mailbox } = await withUser();
  expect(await mailbox(id)).toMatchObject({ email: "Ana@Example.com", emailVerified: false, locale: "pt-BR" });
  for (const nobody of ["", stranger]) expect(await mailbox(nobody)).toMatchObject({ email: "", locale: "" });
  const disabled = await withUser(UserStatus.DISABLED);
  expect(await disabled.mailbox(disabled.id)).toMatchObject({ email: "", locale: "" });
});

test("a password is looked at without being set", async () => {
  const { f, id, check } = await withUser();
  await check(id, newPassword);
  expect(await refusal(check(id, "short"))).toMatchObject({ reason: "PASSWORD_NOT_ALLOWED", fields: ["new_password"] });
  expect(await refusal(check(stranger, newPassword))).toMatchObject({ reason: "USER_NOT_FOUND" });
  expect((await f.data.get(passwords, id))?.version).toBe(1);
});

describe("a reset", () => {
  test("sets the password, verifies the address, and voids what was issued", async () => {
    const { f, id, reset } = await withUser();
    await reset(id, "ana@example.com");
    expect((await f.data.get(users, id))?.record).toMatchObject({ emailVerified: true, passwordChangeRequired: false });
    const kept = await f.data.get(passwords, id);
    expect(await f.dependencies.hashing.verify(kept?.record, newPassword)).toBe(true);
    expect(f.epochOf(id)).toBe(1n);
    expect((await f.events()).map(({ payload }) => payload.case)).toEqual([
      "userCreated",
      "userPasswordChanged",
      "userUpdated",
    ]);
  });

  test("A16: needs the address that the user has now", async () => {
    const { f, id, reset } = await withUser();
    for (const email of ["", "eve@example.com"]) {
      expect(await refusal(reset(id, email))).toMatchObject({ reason: "USER_NOT_FOUND" });
    }
    expect(f.epochOf(id)).toBe(0n);
  });

  test("A8: is nothing for a user who may not sign in", async () => {
    const { id, reset } = await withUser(UserStatus.DISABLED);
    expect(await refusal(reset(id, "ana@example.com"))).toMatchObject({ reason: "USER_NOT_FOUND" });
  });

  test("refuses a password that is too easy", async () => {
    const { id, reset } = await withUser();
    expect(await refusal(reset(id, "ana@example.com", "passwordpassword"))).toMatchObject({
      reason: "PASSWORD_NOT_ALLOWED",
    });
  });
});

describe("A16: an address that was proven", () => {
  test("is verified while it is the user's, once", async () => {
    const { f, id, verify } = await withUser();
    for (const email of ["", "eve@example.com"]) {
      expect(await refusal(verify(id, email))).toMatchObject({ reason: "USER_NOT_FOUND" });
    }
    await verify(id, "ana@EXAMPLE.com");
    await verify(id, "ana@example.com");
    expect(await f.data.get(users, id)).toMatchObject({ record: { emailVerified: true }, version: 2 });
  });

  test("takes the place of the one before, while that is the user's", async () => {
    const { f, id, change } = await withUser();
    expect(await refusal(change(id, "eve@example.com", "new@example.com"))).toMatchObject({ reason: "USER_NOT_FOUND" });
    await change(id, "ana@example.com", "New@example.com");
    await change(id, "ana@example.com", "New@example.com");
    expect(await f.data.get(users, id)).toMatchObject({
      record: { email: "New@example.com", emailVerified: true },
      version: 2,
    });
    expect((await f.events()).map(({ payload }) => payload.case)).toEqual(["userCreated", "userUpdated"]);
  });

  test("is taken by several at once, each of whom is told so", async () => {
    const { f, id, verify, change } = await withUser();
    await Promise.all([verify(id, "ana@example.com"), verify(id, "ana@example.com")]);
    expect(await f.data.get(users, id)).toMatchObject({ record: { emailVerified: true }, version: 2 });
    const twice = [change(id, "ana@example.com", "new@example.com"), change(id, "ana@example.com", "new@example.com")];
    await Promise.all(twice);
    expect(await f.data.get(users, id)).toMatchObject({ record: { email: "new@example.com" }, version: 3 });
  });

  test("stays somebody else's who has it", async () => {
    const { f, id, change } = await withUser();
    await f.user({ username: "bob", email: "bob@example.com" });
    expect(await refusal(change(id, "ana@example.com", "Bob@example.com"))).toMatchObject({
      reason: "EMAIL_TAKEN",
      fields: ["email"],
    });
  });

  test("A8: is nothing for a user who may not sign in", async () => {
    const { id, verify, change } = await withUser(UserStatus.DISABLED);
    expect(await refusal(verify(id, "ana@example.com"))).toMatchObject({ reason: "USER_NOT_FOUND" });
    expect(await refusal(change(id, "ana@example.com", "n@example.com"))).toMatchObject({ reason: "USER_NOT_FOUND" });
  });
});
