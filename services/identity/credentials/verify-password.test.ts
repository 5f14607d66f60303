import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { VerifyPasswordRequestSchema } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { UpdateUserRequestSchema } from "#gen/koder/identity/v1/user_service_pb.ts";
import { passwords, users } from "../collections.ts";
import { fastArgon2, goodPassword, identityFixture } from "../identity-fixture.ts";
import { createPasswordHashing } from "../passwords/password-hashing.ts";
import { updateUser } from "../users/update-user.ts";
import { verifyPassword } from "./verify-password.ts";

const withUser = async () => {
  const f = await identityFixture();
  const { id } = await f.user({ username: "ana", password: goodPassword });
  const verify = (userId: string, password: string, dependencies = f.dependencies) =>
    verifyPassword(dependencies)(create(VerifyPasswordRequestSchema, { userId, password }), f.context());
  const disable = () =>
    updateUser(f.dependencies)(
      create(UpdateUserRequestSchema, {
        userId: id,
        user: { status: UserStatus.DISABLED },
        updateMask: { paths: ["status"] },
      }),
      f.context(),
    );
  return { f, id, verify, disable };
};

describe("verifying a password", () => {
  test("says yes to the right one, and no to any other", async () => {
    const { id, verify } = await withUser();
    expect(await verify(id, goodPassword)).toMatchObject({ verified: true, passwordChangeRequired: false });
    for (const wrong of ["", `${goodPassword} `, goodPassword.toUpperCase(), goodPassword.slice(0, -1)]) {
      expect(await verify(id, wrong)).toMatchObject({ verified: false });
    }
  });

  test("A8: the user's status is looked at here, whatever came before", async () => {
    const { id, verify, disable } = await withUser();
    await disable();
    expect(await verify(id, goodPassword)).toMatchObject({ verified: false });
  });

  test("A23: one verification of everybody's parameters, whoever it is", async () => {
    const { f, id, verify, disable } = await withUser();
    const without = (await f.user({ username: "bob" })).id;
    await verify(id, goodPassword); // the first sign-in is noted once
    const workOf = async (userId: string, password: string) => {
      f.argon2.work.length = 0;
      await verify(userId, password);
      return [...f.argon2.work];
    };
    const expected = ["verify m=64,t=1,p=1"];
    expect(await workOf(id, goodPassword)).toEqual(expected);
    expect(await workOf(id, "wrong")).toEqual(expected);
    expect(await workOf("", "wrong")).toEqual(expected);
    expect(await workOf("01JZZZZZZZZZZZZZZZZZZZZZZZ", "wrong")).toEqual(expected);
    expect(await workOf(without, "wrong")).toEqual(expected);
    await disable();
    expect(await workOf(id, goodPassword)).toEqual(expected);
  });

  test("makes a hash anew when the parameters have risen, at a right password only", async () => {
    const { f, id, verify } = await withUser();
    const stronger = { ...fastArgon2, timeCost: 2 };
    const risen = { ...f.dependencies, hashing: createPasswordHashing({ argon2: f.argon2, parameters: stronger }) };
    await verify(id, "wrong", risen);
    expect((await f.data.get(passwords, id))?.record.phc).toContain("t=1");
    const set = (await f.data.get(passwords, id))?.record.setTime;
    f.advance(1_000);
    expect(await verify(id, goodPassword, risen)).toMatchObject({ verified: true });
    const after = await f.data.get(passwords, id);
    expect(after?.record.phc).toContain("t=2");
    expect(after?.record.setTime).toEqual(set);
    f.argon2.work.length = 0;
    expect(await verify(id, goodPassword, risen)).toMatchObject({ verified: true });
    expect(f.argon2.work).toEqual(["verify m=64,t=2,p=1"]);
    const changes = (await f.events()).map(({ payload }) => payload.case);
    expect(changes).toEqual(["userCreated", "userUpdated"]);
  });

  test("takes a hash of another system, and makes it anew at a right password only", async () => {
    const f = await identityFixture();
    const passwordHash = "pbkdf2_sha256$20000$seasaltwater$bpxK9OGT7CRnnxrJIZ1pVEEt4tpnYG4if3s1RLMFqlw=";
    const { id } = await f.user({ username: "ana", passwordHash });
    const verify = async (password: string) =>
      (
        await verifyPassword(f.dependencies)(
          create(VerifyPasswordRequestSchema, { userId: id, password }),
          f.context({ caller: { kind: "service", service: "auth" } }),
        )
      ).verified;
    expect(await verify("wrong")).toBe(false);
    expect((await f.data.get(passwords, id))?.record.phc).toBe(passwordHash);
    expect(await verify(goodPassword)).toBe(true);
    expect((await f.data.get(passwords, id))?.record.phc).toMatch(/^\$argon2id\$/);
    expect([await verify(goodPassword), await verify("wrong")]).toEqual([true, false]);
  });

  test("notes the first sign-in; sign-ins at once do not stop one another", async () => {
    const { f, id, verify } = await withUser();
    await verify(id, "wrong");
    expect((await f.data.get(users, id))?.record.signedInOnce).toBe(false);
    const answers = await Promise.all(Array.from({ length: 10 }, () => verify(id, goodPassword)));
    expect(answers.every(({ verified }) => verified)).toBe(true);
    expect(await f.data.get(users, id)).toMatchObject({ record: { signedInOnce: true }, version: 2 });
  });
});
