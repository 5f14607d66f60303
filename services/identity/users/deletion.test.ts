import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { beforeEach, expect, test } from "vitest";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { CreateInvitationRequestSchema } from "#gen/koder/identity/v1/invitation_service_pb.ts";
import {
  DeleteUserRequestSchema,
  EraseUserRequestSchema,
  ListUsersRequestSchema,
  PurgeUserRequestSchema,
  RestoreUserRequestSchema,
  SetUserPasswordRequestSchema,
  UpdateUserRequestSchema,
} from "#gen/koder/identity/v1/user_service_pb.ts";
import type { Call } from "../../host/call.ts";
import { invitations, passwords, users } from "../collections.ts";
import { createInvitation } from "../invitations/create-invitation.ts";
import { goodPassword, refusal } from "../identity-fixture.ts";
import { holderOf, roleFixture } from "../roles/role-fixture.ts";
import { deleteUser, restorableFor } from "./delete-user.ts";
import { eraseUser, grace } from "./erase-user.ts";
import { finishErasure } from "./finish-erasure.ts";
import { listUsers } from "./list-users.ts";
import { purgeDueUsers } from "./purge-due-users.ts";
import { purgeUser } from "./purge-user.ts";
import { restoreUser } from "./restore-user.ts";
import { setUserPassword } from "./set-user-password.ts";
import { updateUser } from "./update-user.ts";

type Overrides = Partial<Call>;
let f: Awaited<ReturnType<typeof roleFixture>>;
let userId: string;
beforeEach(async () => {
  f = await roleFixture();
  userId = (await f.user({ username: "ana", email: "ana@example.com", password: goodPassword })).id;
});

const drop = (etag = "", overrides: Overrides = {}) =>
  deleteUser(f.dependencies)(create(DeleteUserRequestSchema, { userId, etag }), f.context(overrides));
const restore = (overrides: Overrides = {}) =>
  restoreUser(f.dependencies)(create(RestoreUserRequestSchema, { userId }), f.context(overrides));
const purgeNow = (overrides: Overrides = {}) =>
  purgeUser(f.dependencies)(create(PurgeUserRequestSchema, { userId }), f.context(overrides));
const erase = (id: string, overrides: Overrides = {}) =>
  eraseUser(f.dependencies)(create(EraseUserRequestSchema, { userId: id }), f.context(overrides));
const listed = async (showDeleted: boolean) => {
  const request = create(ListUsersRequestSchema, { showDeleted });
  return (await listUsers(f.dependencies)(request, f.context())).users.map(({ username }) => username);
};
const look = () => purgeDueUsers(f.dependencies).step();
const person = (sessionId = "s"): Overrides => ({
  caller: {
    kind: "user",
    userId,
    clientId: "app",
    sessionId,
    scopes: new Set(["openid"]),
    permissions: new Set(),
    instance: false,
    authTime: 0,
  },
});

test("a deleted user may do nothing, keeps their name, and is what they were once they are restored", async () => {
  const { user } = await drop();
  const now = f.dependencies.clock();
  expect(user).toMatchObject({
    status: UserStatus.DELETED,
    deleteTime: timestampFromMs(now),
    purgeTime: timestampFromMs(now + restorableFor),
  });
  expect(f.epochOf(userId)).toBe(1n);
  expect([await listed(false), await listed(true)]).toEqual([[], ["ana"]]);
  expect(await refusal(f.user({ username: "ana" }))).toMatchObject({ reason: "USERNAME_TAKEN" });
  const change = create(UpdateUserRequestSchema, { userId, user: { status: 1 }, updateMask: { paths: ["status"] } });
  expect(await refusal(updateUser(f.dependencies)(change, f.context()))).toMatchObject({ reason: "USER_NOT_FOUND" });
  const password = create(SetUserPasswordRequestSchema, { userId, password: goodPassword });
  expect(await refusal(setUserPassword(f.dependencies)(password, f.context()))).toMatchObject({
    reason: "USER_NOT_FOUND",
  });
  expect(await refusal(f.assign("support", `user/${userId}`))).toMatchObject({ reason: "USER_NOT_FOUND" });
  const { user: restored } = await restore();
  expect(restored).toMatchObject({ status: UserStatus.ACTIVE, username: "ana" });
  expect([restored?.deleteTime, restored?.purgeTime]).toEqual([undefined, undefined]);
  expect(await refusal(restore())).toMatchObject({ reason: "USER_NOT_DELETED" });
});

test("whoever was disabled is disabled again", async () => {
  const change = create(UpdateUserRequestSchema, { userId, user: { status: 2 }, updateMask: { paths: ["status"] } });
  await updateUser(f.dependencies)(change, f.context());
  await drop();
  expect((await restore()).user?.status).toBe(UserStatus.DISABLED);
});

test("is erased when the time has come, with the password, memberships and roles, and the name is free", async () => {
  await f.assign("support", `user/${userId}`);
  await drop();
  f.advance(restorableFor - 1);
  expect(await look()).toBe(1);
  expect(await f.data.get(users, userId)).toBeDefined();
  f.advance(1);
  await look();
  expect([await f.data.get(users, userId), await f.data.get(passwords, userId)]).toEqual([undefined, undefined]);
  const event = (await f.events()).find(({ payload }) => payload.case === "userErased");
  if (event === undefined) throw new Error("no event tells of the erasure");
  for (let time = 0; time < 2; time += 1) await finishErasure(f.dependencies)({ tenantId: "t1", event });
  expect((await f.assignments({ userId })).assignments).toEqual([]);
  expect(await f.dependencies.purges.first(10)).toEqual([]);
  expect((await f.user({ username: "ana" })).id).not.toBe(userId);
});

test("an invitation of their address that they never accepted goes with them; those of others stay", async () => {
  const invite = async (email: string) => {
    const request = create(CreateInvitationRequestSchema, { invitation: { email } });
    return (await createInvitation(f.dependencies)(request, f.context())).invitation?.id ?? "";
  };
  const [invited, other] = [await invite("Bea@example.com"), await invite("cid@example.com")];
  userId = (await f.user({ username: "bea", email: "bea@EXAMPLE.com" })).id;
  await drop();
  expect(await f.data.get(invitations, invited)).toBeDefined();
  await purgeNow();
  expect(await f.data.get(invitations, invited)).toBeUndefined();
  expect(await f.data.get(invitations, other)).toBeDefined();
  expect((await f.events()).findLast(({ resourceId }) => resourceId === invited)?.payload).toMatchObject({
    case: "invitationChanged",
    value: { state: "revoked" },
  });
});

test("a person has themselves erased after a day, and nobody else; no program of theirs does", async () => {
  const other = (await f.user({ username: "bob" })).id;
  expect(await refusal(erase("me", person("")))).toMatchObject({ reason: "PERMISSION_DENIED" });
  expect((await erase("me", person())).eraseTime).toEqual(timestampFromMs(f.dependencies.clock() + grace));
  expect(f.epochOf(userId)).toBe(1n);
  f.advance(grace);
  await look();
  expect([await f.data.get(users, userId), (await f.data.get(users, other)) === undefined]).toEqual([undefined, false]);
});

test("the time comes sooner, never later; and who was restored is not erased", async () => {
  await erase(userId);
  await drop();
  expect((await f.data.get(users, userId))?.record.purgeTime).toEqual(timestampFromMs(f.dependencies.clock() + grace));
  await restore();
  f.advance(grace);
  await look();
  expect(await f.data.get(users, userId)).toBeDefined();
  await drop();
  await erase(userId);
  f.advance(grace);
  await look();
  expect(await f.data.get(users, userId)).toBeUndefined();
});

test("only who is deleted is purged, at once", async () => {
  expect(await refusal(purgeNow())).toMatchObject({ reason: "USER_NOT_DELETED" });
  await drop();
  await purgeNow();
  expect(await f.data.get(users, userId)).toBeUndefined();
  f.advance(restorableFor);
  await look();
  expect(await f.dependencies.purges.first(10)).toEqual([]);
});

test("A14: nobody deletes, restores or purges who may do more than they, or is another tenant's", async () => {
  await f.assign("owner", `user/${userId}`);
  const small = holderOf("users.write");
  for (const attempt of [() => drop("", small), () => erase(userId, small)]) {
    expect(await refusal(attempt())).toMatchObject({ reason: "PERMISSION_DENIED" });
  }
  await drop();
  for (const attempt of [() => restore(small), () => purgeNow(small)]) {
    expect(await refusal(attempt())).toMatchObject({ reason: "PERMISSION_DENIED" });
  }
  const elsewhere = { tenantId: "t2" };
  for (const attempt of [
    () => drop("", elsewhere),
    () => restore(elsewhere),
    () => purgeNow(elsewhere),
    () => erase(userId, elsewhere),
  ]) {
    expect(await refusal(attempt())).toMatchObject({ reason: "USER_NOT_FOUND" });
  }
});

test("two who delete somebody at once are both answered, and neither is told of an etag", async () => {
  const answers = await Promise.all([drop(), drop()]);
  expect(answers.map(({ user }) => user?.status)).toEqual([UserStatus.DELETED, UserStatus.DELETED]);
  // Of two who bring them back, and of two who have them erased, one does it, and the other learns that it is done.
  for (const [again, reason] of [
    [restore, "USER_NOT_DELETED"],
    [purgeNow, "USER_NOT_FOUND"],
  ] as const) {
    if (again === purgeNow) await drop();
    const both = await Promise.allSettled<unknown>([again(), again()]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    for (const one of both) {
      if (one.status === "rejected") expect(await refusal(Promise.reject(one.reason))).toMatchObject({ reason });
    }
  }
});

test("an etag that is not the user's is refused, and an epoch that could not be counted is counted by a repeat", async () => {
  expect(await refusal(drop("v9"))).toMatchObject({ reason: "ETAG_MISMATCH" });
  f.session.isAway = true;
  expect(await refusal(drop())).toMatchObject({ reason: "UNAVAILABLE" });
  f.session.isAway = false;
  await drop();
  expect(f.epochOf(userId)).toBe(1n);
});

test("no event names the person", async () => {
  await drop();
  await purgeNow();
  const told = JSON.stringify(
    (await f.events()).map(({ payload }) => payload.value),
    (_name, value: unknown) => (typeof value === "bigint" ? String(value) : value),
  );
  expect(told).not.toMatch(/ana/);
});
