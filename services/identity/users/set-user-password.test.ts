import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { VerifyPasswordRequestSchema } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { SetUserPasswordRequestSchema } from "#gen/koder/identity/v1/user_service_pb.ts";
import { verifyPassword } from "../credentials/verify-password.ts";
import { goodPassword, identityFixture, refusal } from "../identity-fixture.ts";
import { setUserPassword } from "./set-user-password.ts";

const another = "another good pass phrase";

const withUser = async (password: string) => {
  const f = await identityFixture();
  const { id } = await f.user({ username: "ana", password });
  const set = (init: { userId?: string; password: string; passwordChangeRequired?: boolean }, tenantId = "t1") =>
    setUserPassword(f.dependencies)(
      create(SetUserPasswordRequestSchema, { userId: id, ...init }),
      f.context({ tenantId }),
    );
  const verify = (secret: string) =>
    verifyPassword(f.dependencies)(create(VerifyPasswordRequestSchema, { userId: id, password: secret }), f.context());
  return { f, id, set, verify };
};

test.each(["", goodPassword])("sets a password where there was %j, and voids what was issued", async (before) => {
  const { f, id, set, verify } = await withUser(before);
  await set({ password: another, passwordChangeRequired: true });
  expect(await verify(another)).toMatchObject({ verified: true, passwordChangeRequired: true });
  expect(await verify(goodPassword)).toMatchObject({ verified: false });
  expect(f.epochOf(id)).toBe(1n);
  expect((await f.events())[1]).toMatchObject({
    resourceVersion: 2n,
    payload: { case: "userPasswordChanged", value: { byAdministrator: true } },
  });
});

test("is UNAVAILABLE while sessions cannot be ended, and a repeat ends them", async () => {
  const { f, id, set } = await withUser(goodPassword);
  f.session.isAway = true;
  expect(await refusal(set({ password: another }))).toMatchObject({ reason: "UNAVAILABLE" });
  f.session.isAway = false;
  await set({ password: another });
  expect(f.epochOf(id)).toBe(1n);
});

test("refuses what the policy refuses, and users that are not there", async () => {
  const { f, id, set } = await withUser(goodPassword);
  expect(await refusal(set({ password: "short" }))).toMatchObject({
    reason: "PASSWORD_NOT_ALLOWED",
    fields: ["password"],
  });
  expect(await refusal(set({ password: another }, "t2"))).toMatchObject({ reason: "USER_NOT_FOUND" });
  expect(await refusal(set({ userId: "01JZZZZZZZZZZZZZZZZZZZZZZZ", password: another }))).toMatchObject({
    reason: "USER_NOT_FOUND",
  });
  expect(f.epochOf(id)).toBe(0n);
});
