import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  ChangePasswordRequestSchema,
  JudgePasswordRequestSchema,
  VerifyPasswordRequestSchema,
} from "#gen/koder/identity/v1/credential_internal_pb.ts";
import {
  CheckNewPasswordRequestSchema,
  ResetPasswordRequestSchema,
} from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { PasswordPolicySchema } from "#gen/koder/identity/v1/password_policy_pb.ts";
import {
  GetPasswordPolicyRequestSchema,
  UpdatePasswordPolicyRequestSchema,
} from "#gen/koder/identity/v1/password_policy_service_pb.ts";
import {
  DeleteUserRequestSchema,
  PurgeUserRequestSchema,
  SetUserPasswordRequestSchema,
} from "#gen/koder/identity/v1/user_service_pb.ts";
import { personalData } from "../../host/personal-data.ts";
import { changePassword } from "../credentials/change-password.ts";
import { judgePassword } from "../credentials/judge-password.ts";
import { verifyPassword } from "../credentials/verify-password.ts";
import { passwordHistories } from "../collections.ts";
import { goodPassword, identityFixture, refusal } from "../identity-fixture.ts";
import { checkNewPassword } from "../mailbox/check-new-password.ts";
import { resetPassword } from "../mailbox/reset-password.ts";
import { deleteUser } from "../users/delete-user.ts";
import { personalCollections } from "../users/personal-data.ts";
import { purgeUser } from "../users/purge-user.ts";
import { setUserPassword } from "../users/set-user-password.ts";
import { getPasswordPolicy } from "./get-password-policy.ts";
import { updatePasswordPolicy } from "./update-password-policy.ts";

const [second, third, fourth] = ["quiet harbours of the north", "seventeen paper lanterns", "a drawer of odd buttons"];
const short = "vq8#kz-w";

async function setUp() {
  const f = await identityFixture();
  const { dependencies, context } = f;
  const update = async (policy: MessageInitShape<typeof PasswordPolicySchema>, paths: string[]) =>
    (
      await updatePasswordPolicy(dependencies)(
        create(UpdatePasswordPolicyRequestSchema, { policy, updateMask: { paths } }),
        context(),
      )
    ).policy;
  const get = async (tenantId = "t1") =>
    (await getPasswordPolicy(dependencies)(create(GetPasswordPolicyRequestSchema), context({ tenantId }))).policy;
  const { id: userId } = await f.user({ username: "ana.silva", email: "ana@example.com", password: goodPassword });
  const change = (newPassword: string) =>
    changePassword(dependencies)(create(ChangePasswordRequestSchema, { userId, newPassword }), context());
  const check = (newPassword: string) =>
    checkNewPassword(dependencies)(create(CheckNewPasswordRequestSchema, { userId, newPassword }), context());
  const reset = (newPassword: string) =>
    resetPassword(dependencies)(
      create(ResetPasswordRequestSchema, { userId, email: "ana@example.com", newPassword }),
      context(),
    );
  const verify = (password: string) =>
    verifyPassword(dependencies)(create(VerifyPasswordRequestSchema, { userId, password }), context());
  const judge = (password: string, whose: object = { userId }) =>
    judgePassword(dependencies)(create(JudgePasswordRequestSchema, { ...whose, password }), context());
  const history = async () => (await f.data.get(passwordHistories, userId))?.record.former.length ?? 0;
  return { f, userId, update, get, change, check, reset, verify, judge, history };
}

const notAllowed = (why: string) => ({
  reason: "PASSWORD_NOT_ALLOWED",
  message: expect.stringContaining(why) as string,
});

describe("what a tenant asks of passwords", () => {
  test("has its defaults written out, changes field by field, and is no other tenant's", async () => {
    const { f, update, get } = await setUp();
    const usual = { minLength: 15, minLengthWithMfa: 15, maxLength: 256, blockedWords: [], history: 0 };
    expect(await get()).toMatchObject({ etag: "v0", ...usual });
    await update({ minLength: 20, history: 3 }, ["min_length"]);
    expect(await get()).toMatchObject({ etag: "v1", ...usual, minLength: 20, minLengthWithMfa: 20 });
    await update({}, ["min_length"]);
    expect(await get()).toMatchObject({ etag: "v2", ...usual });
    expect(await get("t2")).toMatchObject({ etag: "v0" });
    expect((await f.events()).filter(({ payload }) => payload.case === "passwordPolicyUpdated")).toHaveLength(2);
  });

  test("what breaks a rule, or was read before another change, changes nothing", async () => {
    const { update, get } = await setUp();
    const invalid = { reason: "PASSWORD_POLICY_INVALID" };
    expect(await refusal(update({ minLengthWithMfa: 16 }, ["min_length_with_mfa"]))).toMatchObject({
      ...invalid,
      fields: ["policy.min_length_with_mfa"],
    });
    expect(await refusal(update({}, ["update_time"]))).toMatchObject(invalid);
    await update({ history: 2, etag: "v0" }, ["history"]);
    expect(await refusal(update({ history: 3, etag: "v0" }, ["history"]))).toMatchObject({ reason: "ETAG_MISMATCH" });
    expect(await get()).toMatchObject({ history: 2 });
  });

  test("counts at every door by which a password is set", async () => {
    const { f, userId, update, change, check, reset } = await setUp();
    await update({ minLength: 24, blockedWords: ["Harbours", "northern lights"] }, ["min_length", "blocked_words"]);
    const short23 = "a drawer of odd buttons";
    for (const set of [change, check, reset]) {
      expect(await refusal(set(short23))).toMatchObject(notAllowed("at least 24"));
      expect(await refusal(set("harbours Northern Lights harbours"))).toMatchObject(notAllowed("blocked"));
    }
    const asAdministrator = create(SetUserPasswordRequestSchema, { userId, password: short23 });
    expect(await refusal(setUserPassword(f.dependencies)(asAdministrator, f.context()))).toMatchObject(
      notAllowed("at least 24"),
    );
    expect(await refusal(f.user({ username: "ben", password: short23 }))).toMatchObject(notAllowed("at least 24"));
  });
});

describe("a shorter password", () => {
  test("is for people of whom a second factor is required, and goes on asking for it", async () => {
    const { f, update, change, verify, reset } = await setUp();
    await update({ minLengthWithMfa: 8 }, ["min_length_with_mfa"]);
    expect(await refusal(change(short))).toMatchObject(notAllowed("at least 15"));
    f.signIns.secondFactorRequired = true;
    expect(await refusal(change("vq8#kz-"))).toMatchObject(notAllowed("at least 8"));
    expect(await change(short)).toMatchObject({ secondFactorNeeded: true });
    f.signIns.secondFactorRequired = false;
    expect(await verify(short)).toMatchObject({ verified: true, secondFactorNeeded: true });
    expect(await verify(goodPassword)).toMatchObject({ verified: false, secondFactorNeeded: false });
    await reset(second);
    expect(await verify(second)).toMatchObject({ verified: true, secondFactorNeeded: false });
  });

  test("is allowed to nobody where the tenant does not say so", async () => {
    const { f, change } = await setUp();
    f.signIns.secondFactorRequired = true;
    expect(await refusal(change(short))).toMatchObject(notAllowed("at least 15"));
  });
});

describe("former passwords", () => {
  test("are not kept where the tenant does not look back", async () => {
    const { change, history } = await setUp();
    await change(second);
    await change(goodPassword);
    expect(await history()).toBe(0);
  });

  test("are not chosen again, as many as the policy says, by whichever door", async () => {
    const { update, change, check, reset, history } = await setUp();
    await update({ history: 2 }, ["history"]);
    await change(second);
    await change(third);
    expect(await history()).toBe(2);
    for (const set of [change, check, reset]) {
      expect(await refusal(set(goodPassword))).toMatchObject(notAllowed("one of the last 2"));
      expect(await refusal(set(second))).toMatchObject(notAllowed("one of the last 2"));
    }
    for (const set of [check, reset]) expect(await refusal(set(third))).toMatchObject(notAllowed("replaces"));
    await reset(fourth);
    expect(await history()).toBe(2);
    await change(goodPassword);
    await update({ history: 1 }, ["history"]);
    await change(second);
    expect(await history()).toBe(1);
    await update({}, ["history"]);
    await change(third);
    expect(await history()).toBe(0);
  });

  test("cost a hash each, and no administrator is told of them", async () => {
    const { f, userId, update, change } = await setUp();
    await update({ history: 24 }, ["history"]);
    await change(second);
    await change(third);
    f.argon2.work.length = 0;
    await change(fourth);
    // The present one and two former ones are looked at, and the new one is made.
    expect(f.argon2.work.map((work) => work.split(" ")[0])).toEqual(["verify", "verify", "verify", "hash"]);
    const back = create(SetUserPasswordRequestSchema, { userId, password: goodPassword });
    await setUserPassword(f.dependencies)(back, f.context());
  });

  test("are in the archive of their person without what was kept of them, and go with them", async () => {
    const { f, userId, update, change, history } = await setUp();
    await update({ history: 5 }, ["history"]);
    await change(second);
    const archive = await personalData(f.data, personalCollections, userId);
    expect(archive["identity_password_histories"]).toMatchObject([
      { former: [{ set_time: expect.any(String) as string }] },
    ]);
    expect(JSON.stringify(archive)).not.toContain("argon2");
    await deleteUser(f.dependencies)(create(DeleteUserRequestSchema, { userId }), f.context());
    expect(await history()).toBe(1);
    await purgeUser(f.dependencies)(create(PurgeUserRequestSchema, { userId }), f.context());
    expect(await history()).toBe(0);
  });
});

describe("how hashes are made", () => {
  const stronger = { hashMemoryKib: 20_000, hashIterations: 3 };
  const costs = (work: readonly string[]) => work.map((one) => one.replace(/\$.*/, ""));

  test("is the tenant's for what is set then, for what is given then, and for a name that nobody has", async () => {
    const { f, update, change, verify, get } = await setUp();
    expect(await get()).toMatchObject({ hashMemoryKib: 19_456, hashIterations: 2 });
    const weak = "m=64,t=1,p=1";
    const strong = "m=20000,t=3,p=1";
    expect(costs(f.argon2.work)).toEqual([`hash ${weak}`]);
    await update(stronger, ["hash_memory_kib", "hash_iterations"]);
    f.argon2.work.length = 0;
    expect(await verify("not the password")).toMatchObject({ verified: false });
    expect(await verify(goodPassword)).toMatchObject({ verified: true });
    expect(await verify(goodPassword)).toMatchObject({ verified: true });
    expect(costs(f.argon2.work)).toEqual([`verify ${weak}`, `verify ${weak}`, `hash ${strong}`, `verify ${strong}`]);
    f.argon2.work.length = 0;
    const nobody = create(VerifyPasswordRequestSchema, { userId: "", password: "x" });
    await verifyPassword(f.dependencies)(nobody, f.context());
    await change(second);
    expect(costs(f.argon2.work)).toEqual([`verify ${strong}`, `verify ${strong}`, `hash ${strong}`]);
  });

  test("is never weaker than before for a hash that is there", async () => {
    const { f, update, change, verify } = await setUp();
    await update(stronger, ["hash_memory_kib", "hash_iterations"]);
    await change(second);
    await update({}, ["hash_memory_kib", "hash_iterations"]);
    f.argon2.work.length = 0;
    expect(await verify(second)).toMatchObject({ verified: true });
    expect(costs(f.argon2.work)).toEqual(["verify m=20000,t=3,p=1"]);
  });
});

describe("the judgement of what is typed", () => {
  test.each([
    "",
    "short",
    second,
    "passwordpassword",
    "ana.silva ana@example.com",
    "aaaaaaaaaaaaaaaaaaaa",
    "x".repeat(257),
  ])("never says other of %j than the one that counts", async (password) => {
    const { change, judge } = await setUp();
    const { rule, strength } = await judge(password);
    const refused = await change(password).then(
      () => "",
      (error: unknown) => String(error),
    );
    if (password !== second) expect([rule !== "", strength, refused !== ""]).toEqual([true, 0, true]);
    else expect([rule, strength, refused]).toEqual(["", 3, ""]);
  });

  test("knows lengths, and whose it is to be before there is an account", async () => {
    const { update, judge } = await setUp();
    await update({ minLength: 18 }, ["min_length"]);
    expect(await judge("")).toMatchObject({ rule: "too_short", minLength: 18, maxLength: 256, length: 0 });
    const benedicta = { email: "benedicta@example.org", name: "Benedicta Holm" };
    expect(await judge("benedicta holm example", benedicta)).toMatchObject({ rule: "names" });
    expect(await judge("benedicta holm example")).toMatchObject({ rule: "" });
  });

  test("hashes nothing", async () => {
    const { f, update, change, judge } = await setUp();
    await update({ history: 5 }, ["history"]);
    await change(second);
    f.argon2.work.length = 0;
    expect(await judge(goodPassword)).toMatchObject({ rule: "" });
    expect(f.argon2.work).toEqual([]);
  });
});
