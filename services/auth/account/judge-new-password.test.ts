import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { BrowserContextSchema } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { JudgeNewPasswordRequestSchema } from "#gen/koder/auth/v1/new_password_internal_pb.ts";
import { StartRecoveryRequestSchema } from "#gen/koder/auth/v1/recovery_service_pb.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { aBrowser, authFixture, refusal } from "../auth-fixture.ts";
import { startRecovery } from "../recovery/start-recovery.ts";
import { judgeNewPassword } from "./judge-new-password.ts";

async function setUp() {
  const f = await authFixture();
  const judge = (request: MessageInitShape<typeof JudgeNewPasswordRequestSchema>) =>
    judgeNewPassword(f.dependencies)(create(JudgeNewPasswordRequestSchema, request), handlerContext());
  return { f, judge };
}
const browser = create(BrowserContextSchema, aBrowser);

test("a flow that waits for a new password is whose person the judgement is of, and of no other browser's", async () => {
  const { f, judge } = await setUp();
  f.ana.passwordChangeRequired = true;
  const flowId = (await f.attempt("ana", f.ana.password)).flow?.id ?? "";
  expect(await judge({ flowId, browser, password: "x" })).toMatchObject({ rule: `of ${f.ana.id}` });
  const other = create(BrowserContextSchema, { ...aBrowser, browserToken: "another-browser-of-22-characters" });
  expect(await refusal(judge({ flowId, browser: other, password: "x" }))).toMatchObject({ reason: "FLOW_NOT_FOUND" });
  expect(await refusal(judge({ flowId: "none", browser, password: "x" }))).toMatchObject({ reason: "FLOW_NOT_FOUND" });
  await f.submitNew(flowId, "the next password of ana");
  expect(await refusal(judge({ flowId, browser, password: "x" }))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
});

test("so is a link that was mailed, which is as good afterwards", async () => {
  const { f, judge } = await setUp();
  await startRecovery(f.dependencies)(create(StartRecoveryRequestSchema, { username: "ana" }), handlerContext());
  await f.sendMails();
  const token = /token=([\w-]+)/.exec(f.mails[0]?.text ?? "")?.[1] ?? "";
  for (let time = 0; time < 2; time++) {
    const judgement = await judge({ token, password: "x" });
    expect(judgement).toMatchObject({ rule: `of ${f.ana.id}`, email: "ana@example.com" });
  }
  f.ana.epoch += 1n;
  expect(await refusal(judge({ token, password: "x" }))).toMatchObject({ reason: "RECOVERY_TOKEN_INVALID" });
  expect(await refusal(judge({ token: "none", password: "x" }))).toMatchObject({ reason: "RECOVERY_TOKEN_INVALID" });
});
