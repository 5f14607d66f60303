import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { OpenAccountRequestSchema } from "#gen/koder/identity/v1/account_opening_internal_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { passwords, users } from "../collections.ts";
import { goodPassword, identityFixture, refusal } from "../identity-fixture.ts";
import { openAccount } from "./open-account.ts";

const id = "01JBEA00000000000000000000";
const account = { userId: id, email: "Bea@Example.com", name: "Bea Bell", locale: "es", password: goodPassword };

async function withAccounts() {
  const f = await identityFixture();
  const service = f.context({ caller: { kind: "service", service: "auth" } });
  const open = (over: Partial<typeof account> = {}) =>
    openAccount(f.dependencies)(create(OpenAccountRequestSchema, { ...account, ...over }), service);
  return { f, open };
}

test("a user who has proven their address is there with their password, in one commit with its event", async () => {
  const { f, open } = await withAccounts();
  expect((await open()).opened).toBe(true);
  const { record } = (await f.data.get(users, id)) ?? {};
  expect(record).toMatchObject({ email: "Bea@Example.com", emailVerified: true, name: "Bea Bell", locale: "es" });
  expect(record?.status).toBe(UserStatus.ACTIVE);
  const password = await f.data.get(passwords, id);
  expect(await f.dependencies.hashing.verify(password?.record, goodPassword, undefined)).toBe(true);
  expect((await f.events()).map(({ payload }) => payload.case)).toEqual(["userCreated"]);
});

test("an id opens one account, however many ask at once; the others change nothing", async () => {
  const { f, open } = await withAccounts();
  const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => open({ password: `${goodPassword} ${i}` })));
  expect(answers.filter(({ opened }) => opened)).toHaveLength(1);
  const before = await f.data.get(passwords, id);
  expect((await open()).opened).toBe(false);
  expect(await f.data.get(passwords, id)).toEqual(before);
  expect(await f.events()).toHaveLength(1);
});

test("nobody gets an address that somebody has, whatever its case, or a password that is guessed", async () => {
  const { f, open } = await withAccounts();
  await f.user({ username: "bea", email: "bea@example.COM" });
  expect(await refusal(open())).toMatchObject({ reason: "EMAIL_TAKEN" });
  const other = { userId: "01JBEA00000000000000000001", email: "cid@example.com" };
  expect(await refusal(open({ ...other, password: "short" }))).toMatchObject({ reason: "PASSWORD_NOT_ALLOWED" });
  expect(await refusal(open({ ...other, password: "Bea Bell cid@example.com" }))).toMatchObject({
    reason: "PASSWORD_NOT_ALLOWED",
    fields: ["password"],
  });
  expect(await f.data.get(users, other.userId)).toBeUndefined();
});
