import { randomUUID } from "node:crypto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import type { UsernamePolicySchema } from "#gen/koder/identity/v1/username_policy_pb.ts";
import {
  GetUsernamePolicyRequestSchema,
  UpdateUsernamePolicyRequestSchema,
} from "#gen/koder/identity/v1/username_policy_service_pb.ts";
import { UpdateUserRequestSchema } from "#gen/koder/identity/v1/user_service_pb.ts";
import type { Call } from "../../host/call.ts";
import { identityFixture, refusal } from "../identity-fixture.ts";
import { updateUser } from "../users/update-user.ts";
import { getUsernamePolicy } from "./get-username-policy.ts";
import { updateUsernamePolicy } from "./update-username-policy.ts";

async function withPolicy() {
  const f = await identityFixture();
  const update = async (
    policy: MessageInitShape<typeof UsernamePolicySchema>,
    paths: readonly string[],
    overrides: Partial<Call> = {},
  ) => {
    const request = create(UpdateUsernamePolicyRequestSchema, { policy, updateMask: { paths: [...paths] } });
    return (await updateUsernamePolicy(f.dependencies)(request, f.context(overrides))).policy;
  };
  const read = async () =>
    (await getUsernamePolicy(f.dependencies)(create(GetUsernamePolicyRequestSchema), f.context())).policy;
  return { f, update, read };
}
const notAllowed = { reason: "USERNAME_NOT_ALLOWED", fields: ["user.username"] };

test("is the usual one until the tenant relaxes it", async () => {
  const { f, update, read } = await withPolicy();
  expect(await read()).toMatchObject({ etag: "v0", maxLength: 20, extraCharacters: "", leadingDigitAllowed: false });
  const names = ["a".repeat(64), "ana_bell", "7up", "ana+bell"];
  for (const username of names) expect(await refusal(f.user({ username }))).toMatchObject(notAllowed);
  const relaxed = { maxLength: 64, extraCharacters: "_+_", leadingDigitAllowed: true };
  const paths = ["max_length", "extra_characters", "leading_digit_allowed"];
  const changed = await update(relaxed, paths);
  expect(changed).toMatchObject({ etag: "v1", maxLength: 64, extraCharacters: "_+", leadingDigitAllowed: true });
  expect((await f.events()).at(-1)?.payload).toMatchObject({ case: "usernamePolicyUpdated", value: { paths } });
  for (const username of names) expect(await f.user({ username })).toMatchObject({ username });
  for (const username of ["ana__bell", "ana_.bell", "_ana", "ana_", "ana~bell", "ana@bell", "b".repeat(65), "a"]) {
    expect(await refusal(f.user({ username })), username).toMatchObject(notAllowed);
  }
  expect(await refusal(f.user({ username: "ana_be1l" }))).toMatchObject({ reason: "USERNAME_TOO_SIMILAR" });
});

test("a stricter one is for names from then on: the repeat of a request is answered as at first", async () => {
  const { f, update } = await withPolicy();
  await update({ maxLength: 64 }, ["max_length"]);
  const [username, requestId] = ["a".repeat(30), randomUUID()];
  const first = await f.user({ username }, requestId);
  await update({ maxLength: 20 }, ["max_length"]);
  expect(await f.user({ username }, requestId)).toEqual(first);
  expect(await refusal(f.user({ username: "b".repeat(30) }))).toMatchObject(notAllowed);
});

test("whoever keeps their name is not asked by a stricter one, whatever its case", async () => {
  const { f, update } = await withPolicy();
  await update({ maxLength: 64 }, ["max_length"]);
  const username = "a".repeat(30);
  const { id: userId } = await f.user({ username });
  await update({ maxLength: 20 }, ["max_length"]);
  const rename = async (to: string) => {
    const asked = { userId, user: { username: to, name: "Ana" }, updateMask: { paths: ["username", "name"] } };
    return (await updateUser(f.dependencies)(create(UpdateUserRequestSchema, asked), f.context())).user;
  };
  expect(await rename(username.toUpperCase())).toMatchObject({ username, name: "Ana" });
  expect(await refusal(rename("b".repeat(30)))).toMatchObject(notAllowed);
});

test("A14: is the tenant's alone, and changed by an etag that must be right", async () => {
  const { f, update } = await withPolicy();
  await update({ extraCharacters: "_" }, ["extra_characters"], { tenantId: "t2" });
  expect(await refusal(f.user({ username: "ana_bell" }))).toMatchObject(notAllowed);
  await update({ maxLength: 30, etag: "v0" }, ["max_length"]);
  expect(await refusal(update({ maxLength: 40, etag: "v0" }, ["max_length"]))).toMatchObject({
    reason: "ETAG_MISMATCH",
  });
  expect(await refusal(update({}, ["id"]))).toMatchObject({
    reason: "USERNAME_POLICY_INVALID",
    fields: ["policy.id"],
  });
});
