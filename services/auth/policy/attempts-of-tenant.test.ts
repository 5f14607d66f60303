import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { AuthenticationPolicySchema } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import {
  GetAuthenticationPolicyRequestSchema,
  UpdateAuthenticationPolicyRequestSchema,
} from "#gen/koder/auth/v1/authentication_policy_service_pb.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { authFixture, refusal } from "../auth-fixture.ts";
import { getAuthenticationPolicy } from "./get-authentication-policy.ts";
import { updateAuthenticationPolicy } from "./update-authentication-policy.ts";

async function withLimits(policy: MessageInitShape<typeof AuthenticationPolicySchema> = {}) {
  const f = await authFixture();
  const set = (values: typeof policy, paths: string[]) =>
    updateAuthenticationPolicy(f.dependencies)(
      create(UpdateAuthenticationPolicyRequestSchema, { policy: values, updateMask: { paths } }),
      handlerContext(),
    );
  await set(policy, ["attempts_before_wait", "max_attempts"]);
  /** Wrong attempts, each after the longest wait, from another address every time; answers why each was refused. */
  const guess = async (times: number, pause = 0): Promise<string[]> => {
    const reasons: string[] = [];
    for (let i = 0; i < times; i++) {
      const remoteAddress = `198.51.100.${(i % 250) + 1}`;
      reasons.push((await refusal(f.attempt("ana", "wrong", { remoteAddress }))).reason);
      f.advance(pause);
    }
    return reasons;
  };
  return { f, set, guess };
}

test("the next attempt waits after as many as the tenant says", async () => {
  const usual = await withLimits();
  expect((await usual.guess(7)).filter((reason) => reason === "PASSWORD_MISMATCH")).toHaveLength(5);
  const strict = await withLimits({ attemptsBeforeWait: 3 });
  expect((await strict.guess(7)).filter((reason) => reason === "PASSWORD_MISMATCH")).toHaveLength(3);
});

test("A7: none is let through after as many as the tenant says, the right one neither; a new password begins anew", async () => {
  const { f, guess } = await withLimits({ attemptsBeforeWait: 3, maxAttempts: 10 });
  const reasons = await guess(20, 20 * 60_000);
  expect(reasons.filter((reason) => reason === "PASSWORD_MISMATCH")).toHaveLength(10);
  expect(await refusal(f.attempt("ana", f.ana.password))).toMatchObject({ reason: "ATTEMPTS_USED_UP" });
  f.ana.epoch += 1n;
  expect((await f.attempt("ana", f.ana.password)).sessionToken).not.toBe("");
});

test("the defaults are written out, and come back when nothing is set", async () => {
  const { f, set } = await withLimits({ attemptsBeforeWait: 4, maxAttempts: 20 });
  const shown = async () => {
    const request = create(GetAuthenticationPolicyRequestSchema);
    return (await getAuthenticationPolicy(f.dependencies)(request, handlerContext())).policy;
  };
  expect(await shown()).toMatchObject({ attemptsBeforeWait: 4, maxAttempts: 20 });
  await set({}, ["max_attempts", "attempts_before_wait"]);
  expect(await shown()).toMatchObject({ attemptsBeforeWait: 5, maxAttempts: 100 });
});
