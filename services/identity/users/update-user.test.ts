import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { GetMailboxRequestSchema } from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { UserSchema, UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { UpdateUserRequestSchema } from "#gen/koder/identity/v1/user_service_pb.ts";
import type { Call } from "../../host/call.ts";
import { replace } from "../../store/writes.ts";
import { users } from "../collections.ts";
import { identityFixture, refusal } from "../identity-fixture.ts";
import { getMailbox } from "../mailbox/get-mailbox.ts";
import { updateUser } from "./update-user.ts";
import { userUpdated } from "./user-events.ts";
import { testCall } from "../../host/testing/handler-context.ts";

const withUser = async (init: MessageInitShape<typeof UserSchema> = { username: "ana", email: "ana@example.com" }) => {
  const f = await identityFixture();
  const created = await f.user(init);
  const update = async (
    user: MessageInitShape<typeof UserSchema>,
    paths: string[],
    { userId = created.id, ...overrides }: Partial<Call> & { userId?: string } = {},
  ) => {
    const request = create(UpdateUserRequestSchema, {
      userId,
      user: create(UserSchema, user),
      updateMask: { paths },
    });
    return (await updateUser(f.dependencies)(request, f.context(overrides))).user;
  };
  return { f, created, update };
};

describe("updating a user", () => {
  test("changes what the mask names, and nothing else that was sent", async () => {
    const { update } = await withUser();
    const changed = await update({ name: "Ana", nickname: "An", locale: "es" }, ["name", "locale"]);
    expect(changed).toMatchObject({ name: "Ana", nickname: "", locale: "es", username: "ana", etag: "v2" });
    expect(await update({}, ["name"])).toMatchObject({ name: "", locale: "es" });
  });

  test("a claim that is none is refused where the mask names it", async () => {
    const { update } = await withUser();
    expect(await refusal(update({ zoneinfo: "Mars/Phobos" }, ["name", "zoneinfo"]))).toMatchObject({
      reason: "INVALID_REQUEST",
      fields: ["user.zoneinfo"],
    });
    await update({ zoneinfo: "Mars/Phobos" }, ["name"]);
  });

  test("A16: nothing is verified of an address or a telephone that is not there", async () => {
    const { f, created, update } = await withUser({ username: "ana" });
    const verified = { emailVerified: true, phoneNumberVerified: true };
    const refused = { reason: "INVALID_REQUEST", fields: ["user.email_verified", "user.phone_number_verified"] };
    const paths = ["email_verified", "phone_number_verified"];
    expect(await refusal(f.user({ username: "eve", ...verified }))).toMatchObject(refused);
    expect(await refusal(update(verified, paths))).toMatchObject(refused);
    const reached = { email: "ana@example.com", phoneNumber: "+15551234567" };
    await update({ ...reached, ...verified }, ["email", "phone_number", ...paths]);
    expect(await refusal(update(verified, ["email", "phone_number", ...paths]))).toMatchObject(refused);
    const gone = { email: "", emailVerified: false, phoneNumber: "", phoneNumberVerified: false };
    expect(await update({}, ["email", "phone_number"])).toMatchObject(gone);

    // Of one of before, the rest is changed as ever, and their mailbox is none that was verified.
    const stored = await f.data.get(users, created.id);
    if (stored === undefined) throw new Error("the user is gone");
    const { record, version } = stored;
    const event = userUpdated(testCall(), 0, created.id, version + 1, ["email_verified"]);
    await f.data.commit([replace(users, { ...record, emailVerified: true }, version)], [event]);
    expect(await update({ name: "Ana" }, ["name"])).toMatchObject({ name: "Ana" });
    const request = create(GetMailboxRequestSchema, { userId: created.id });
    expect(await getMailbox(f.dependencies)(request, f.context())).toMatchObject({ email: "", emailVerified: false });
  });

  test("an address is replaced as a whole, and cleared by none or an empty one", async () => {
    const { update } = await withUser();
    await update({ address: { locality: "Recife", country: "BR" } }, ["address"]);
    expect((await update({ address: { locality: "Olinda" } }, ["address"]))?.address).toMatchObject({
      locality: "Olinda",
      country: "",
    });
    expect((await update({ address: {} }, ["address"]))?.address).toBeUndefined();
    await update({ address: { locality: "Olinda" } }, ["address"]);
    expect((await update({}, ["address"]))?.address).toBeUndefined();
  });

  test.each([
    "id",
    "password",
    "create_time",
    "update_time",
    "address.locality",
    "nonsense",
    "instance_owner",
    "name ",
  ])("refuses the path %s, and changes nothing", async (path) => {
    const { f, created, update } = await withUser();
    expect(await refusal(update({ name: "Other" }, ["name", path]))).toMatchObject({
      reason: "FIELD_NOT_WRITABLE",
      fields: [`user.${path}`],
    });
    expect((await f.data.get(users, created.id))?.version).toBe(1);
  });

  test("needs a mask, and an id that is somebody's", async () => {
    const { update } = await withUser();
    expect(await refusal(update({ name: "x" }, []))).toMatchObject({
      reason: "INVALID_REQUEST",
      fields: ["update_mask"],
    });
    const userId = "01JZZZZZZZZZZZZZZZZZZZZZZZ";
    expect(await refusal(update({ name: "x" }, ["name"], { userId }))).toMatchObject({ reason: "USER_NOT_FOUND" });
  });

  test("A14: another tenant's user is not there", async () => {
    const { update } = await withUser();
    expect(await refusal(update({ name: "x" }, ["name"], { tenantId: "t2" }))).toMatchObject({
      reason: "USER_NOT_FOUND",
      code: Code.NotFound,
    });
  });

  test("an etag must be the user's; of 20 updates of one etag one succeeds", async () => {
    const { created, update } = await withUser();
    const { etag } = created;
    const answers = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => update({ name: `n${i}`, etag }, ["name", "etag"])),
    );
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await refusal(update({ name: "x", etag }, ["name"]))).toMatchObject({ reason: "ETAG_MISMATCH" });
  });

  test("names stay unique, and one name must be left", async () => {
    const { f, update } = await withUser();
    await f.user({ username: "bob", email: "bob@example.com" });
    expect(await refusal(update({ username: "BOB" }, ["username"]))).toMatchObject({ reason: "USERNAME_TAKEN" });
    expect(await refusal(update({ email: "BOB@example.com" }, ["email"]))).toMatchObject({ reason: "EMAIL_TAKEN" });
    expect(await refusal(update({ username: "b--b" }, ["username"]))).toMatchObject({ reason: "USERNAME_NOT_ALLOWED" });
    expect(await update({}, ["username"])).toMatchObject({ username: "", email: "ana@example.com" });
    expect(await refusal(update({}, ["email"]))).toMatchObject({ reason: "INVALID_REQUEST" });
    await update({ username: "carol" }, ["username"]);
    await expect(f.user({ username: "ana" })).resolves.toBeDefined();
  });

  test("A16: what was proven of an address is not true of another", async () => {
    const { update } = await withUser({
      email: "ana@example.com",
      emailVerified: true,
      phoneNumber: "+5511999990000",
      phoneNumberVerified: true,
    });
    expect(await update({ email: "Ana@example.com" }, ["email"])).toMatchObject({ emailVerified: true });
    expect(await update({ email: "eve@example.com" }, ["email"])).toMatchObject({ emailVerified: false });
    expect(await update({ email: "ana@example.com", emailVerified: true }, ["email_verified", "email"])).toMatchObject({
      emailVerified: true,
    });
    expect(await update({ phoneNumber: "+5511999990001" }, ["phone_number"])).toMatchObject({
      phoneNumberVerified: false,
    });
  });

  test("its event names the fields", async () => {
    const { f, created, update } = await withUser();
    await update({ name: "Ana", locale: "es" }, ["name", "locale", "name"]);
    expect((await f.events()).at(-1)).toMatchObject({
      resourceId: created.id,
      resourceVersion: 2n,
      payload: { case: "userUpdated", value: { paths: ["name", "locale"] } },
    });
  });
});

describe("A3: disabling a user", () => {
  test("voids what was issued before it answers, each time that it is said", async () => {
    const { f, created, update } = await withUser();
    expect(await update({ status: UserStatus.DISABLED }, ["status"])).toMatchObject({ status: UserStatus.DISABLED });
    expect(f.epochOf(created.id)).toBe(1n);
    await update({ status: UserStatus.DISABLED }, ["status"]);
    expect(f.epochOf(created.id)).toBe(2n);
    await update({ status: UserStatus.ACTIVE }, ["status"]);
    await update({ name: "x" }, ["name"]);
    expect(f.epochOf(created.id)).toBe(2n);
    expect(await refusal(update({}, ["status"]))).toMatchObject({ reason: "INVALID_REQUEST", fields: ["user.status"] });
  });

  test("is UNAVAILABLE while that cannot be done, and a repeat does it", async () => {
    const { f, created, update } = await withUser();
    f.session.isAway = true;
    expect(await refusal(update({ status: UserStatus.DISABLED }, ["status"]))).toMatchObject({
      reason: "UNAVAILABLE",
      code: Code.Unavailable,
    });
    expect((await f.data.get(users, created.id))?.record.status).toBe(UserStatus.DISABLED);
    f.session.isAway = false;
    await update({ status: UserStatus.DISABLED }, ["status"]);
    expect(f.epochOf(created.id)).toBe(1n);
  });

  test("is finished also when the caller has gone, or is late", async () => {
    const { f, created, update } = await withUser();
    const gone = AbortSignal.abort();
    await update({ status: UserStatus.DISABLED }, ["status"], { signal: gone, deadline: f.dependencies.clock() - 1 });
    expect(f.epochOf(created.id)).toBe(1n);
  });
});

test("A32: only INSTANCE authority changes the owner of the instance", async () => {
  const { f, created, update } = await withUser();
  const stored = await f.data.get(users, created.id);
  if (stored === undefined) throw new Error("the user is gone");
  await f.data.commit(
    [replace(users, { ...stored.record, instanceOwner: true }, 1)],
    [userUpdated(testCall(), 0, created.id, 2, [])],
  );
  const permissions = new Set(["*"]);
  const caller = { kind: "client", clientId: "c", apiKeyId: undefined, permissions, instance: false } as const;
  expect(await refusal(update({ email: "eve@example.com" }, ["email"], { caller }))).toMatchObject({
    reason: "PERMISSION_DENIED",
  });
  await update({ name: "Owner" }, ["name"]);
});
