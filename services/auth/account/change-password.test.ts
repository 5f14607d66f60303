import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ChangePasswordRequestSchema } from "#gen/koder/auth/v1/account_service_pb.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { authFixture, refusal } from "../auth-fixture.ts";
import { changePassword } from "./change-password.ts";

const newPassword = "the next password of ana";

async function withChange() {
  const f = await authFixture();
  const change = (currentPassword: string, userId = f.ana.id) =>
    changePassword(f.dependencies)(
      create(ChangePasswordRequestSchema, { userId, currentPassword, newPassword }),
      handlerContext(),
    );
  return { f, change };
}

test("changes the password by the one before, and tells its owner", async () => {
  const { f, change } = await withChange();
  await change(f.ana.password);
  expect(f.ana).toMatchObject({ password: newPassword, epoch: 8n });
  await f.sendMails();
  expect(f.mails).toMatchObject([{ to: "ana@example.com", subject: "Your password was changed" }]);
});

test("A7: wrong ones count with those of sign-ins, before they are verified", async () => {
  const { f, change } = await withChange();
  for (let i = 0; i < 4; i++) expect(await refusal(change("wrong"))).toMatchObject({ reason: "PASSWORD_MISMATCH" });
  const guesses = await Promise.allSettled(Array.from({ length: 20 }, () => change("wrong")));
  expect(guesses).toHaveLength(20);
  expect(f.calls.filter((call) => call.startsWith("verifyPassword"))).toHaveLength(5);
  // By a name nothing tells that the account waits: the right password is wrong without being looked at.
  expect(await refusal(f.attempt("ana", f.ana.password))).toMatchObject({ reason: "PASSWORD_MISMATCH" });
  expect(await refusal(change(f.ana.password))).toMatchObject({ reason: "TOO_MANY_ATTEMPTS" });
  f.advance(2_000);
  await change(f.ana.password);
  expect(f.ana.password).toBe(newPassword);
});
