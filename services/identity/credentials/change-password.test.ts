import { create } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import {
  ChangePasswordRequestSchema,
  VerifyPasswordRequestSchema,
} from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { SetUserPasswordRequestSchema, UpdateUserRequestSchema } from "#gen/koder/identity/v1/user_service_pb.ts";
import { users } from "../collections.ts";
import { goodPassword, identityFixture, refusal } from "../identity-fixture.ts";
import { setUserPassword } from "../users/set-user-password.ts";
import { updateUser } from "../users/update-user.ts";
import { changePassword } from "./change-password.ts";
import { verifyPassword } from "./verify-password.ts";

const another = "another good pass phrase";

const withUser = async () => {
  const f = await identityFixture();
  const { id } = await f.user({ username: "ana", password: goodPassword, passwordChangeRequired: true });
  const change = (newPassword: string, userId = id) =>
    changePassword(f.dependencies)(create(ChangePasswordRequestSchema, { userId, newPassword }), f.context());
  const verify = (password: string) =>
    verifyPassword(f.dependencies)(create(VerifyPasswordRequestSchema, { userId: id, password }), f.context());
  return { f, id, change, verify };
};

describe("changing a password", () => {
  test("takes the new one, asks for no other, and answers the epoch that voids the rest", async () => {
    const { f, id, change, verify } = await withUser();
    expect(await change(another)).toMatchObject({ userEpoch: 1n });
    expect(f.epochOf(id)).toBe(1n);
    expect(await verify(another)).toMatchObject({ verified: true, passwordChangeRequired: false });
    expect(await verify(goodPassword)).toMatchObject({ verified: false });
    expect((await f.events())[1]).toMatchObject({
      payload: { case: "userPasswordChanged", value: { byAdministrator: false } },
    });
  });

  test("refuses the password that it replaces, also in other composition, and what the policy refuses", async () => {
    const { f, id, change } = await withUser();
    for (const refused of [goodPassword, "short", "anaanaanaanaanaana"]) {
      expect(await refusal(change(refused))).toMatchObject({
        reason: "PASSWORD_NOT_ALLOWED",
        fields: ["new_password"],
      });
    }
    await change(another);
    f.advance(10 * 60_000);
    expect(await refusal(change(another))).toMatchObject({ reason: "PASSWORD_NOT_ALLOWED" });
    expect(f.epochOf(id)).toBe(1n);
  });

  test("is UNAVAILABLE while sessions cannot be ended, and a repeat with the same password ends them", async () => {
    const { f, id, change, verify } = await withUser();
    f.session.isAway = true;
    expect(await refusal(change(another))).toMatchObject({ reason: "UNAVAILABLE", code: Code.Unavailable });
    f.session.isAway = false;
    expect(await change(another)).toMatchObject({ userEpoch: 1n });
    expect(f.epochOf(id)).toBe(1n);
    expect(await verify(another)).toMatchObject({ verified: true });
  });

  test("A8: a user who was disabled meanwhile is not there", async () => {
    const { f, id, change } = await withUser();
    await updateUser(f.dependencies)(
      create(UpdateUserRequestSchema, {
        userId: id,
        user: { status: UserStatus.DISABLED },
        updateMask: { paths: ["status"] },
      }),
      f.context(),
    );
    expect(await refusal(change(another))).toMatchObject({ reason: "USER_NOT_FOUND" });
    expect(await refusal(change(another, "01JZZZZZZZZZZZZZZZZZZZZZZZ"))).toMatchObject({ reason: "USER_NOT_FOUND" });
  });

  test("beside an administrator's, exactly one password is there afterwards, and both voided", async () => {
    const { f, id, change, verify } = await withUser();
    const set = setUserPassword(f.dependencies)(
      create(SetUserPasswordRequestSchema, { userId: id, password: "the administrators choice" }),
      f.context(),
    );
    const settled = await Promise.allSettled([change(another), set]);
    const done = settled.filter(({ status }) => status === "fulfilled").length;
    expect(f.epochOf(id)).toBe(BigInt(done));
    expect((await f.data.get(users, id))?.version).toBe(1 + done);
    const verdicts = [await verify(another), await verify("the administrators choice"), await verify(goodPassword)];
    expect(verdicts.filter(({ verified }) => verified)).toHaveLength(1);
    expect(verdicts[2]?.verified).toBe(false);
  });
});
