import { create } from "@bufbuild/protobuf";
import { beforeEach, expect, test } from "vitest";
import { GetAuthorityRequestSchema } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import {
  CheckPermissionRequestSchema,
  CreateRoleAssignmentRequestSchema,
  ListEffectivePermissionsRequestSchema,
} from "#gen/koder/identity/v1/role_service_pb.ts";
import { SetUserPasswordRequestSchema, UpdateUserRequestSchema } from "#gen/koder/identity/v1/user_service_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { getAuthority } from "../credentials/get-authority.ts";
import { goodPassword, refusal } from "../identity-fixture.ts";
import { setUserPassword } from "../users/set-user-password.ts";
import { updateUser } from "../users/update-user.ts";
import { createAuthorities } from "./authorities.ts";
import { checkPermission } from "./check-permission.ts";
import { createRoleAssignment } from "./create-role-assignment.ts";
import { finishRoleDeletion } from "./finish-role-deletion.ts";
import { listEffectivePermissions } from "./list-effective-permissions.ts";
import { holderOf, roleFixture } from "./role-fixture.ts";

let f: Awaited<ReturnType<typeof roleFixture>>;
let userId: string;
beforeEach(async () => {
  f = await roleFixture();
  userId = (await f.user({ username: "ana" })).id;
});

const authority = async (request: { userId?: string; clientId?: string }, tenantId = "t1") => {
  const asked = create(GetAuthorityRequestSchema, request);
  const { permissions, instance } = await getAuthority(f.dependencies)(asked, f.context({ tenantId }));
  return { permissions: permissions.toSorted(), instance };
};
const may = async (permission: string, id = userId, overrides = {}) => {
  const request = create(CheckPermissionRequestSchema, { userId: id, permission });
  return (await checkPermission(f.dependencies)(request, f.context(overrides))).allowed;
};

test("whoever has a role may do what it and all that it includes permit, until it is taken", async () => {
  const low = await f.role({ name: "low", permissions: ["posts.read"] });
  const high = await f.role({ name: "high", permissions: ["posts.write"], includedRoleIds: [low.id] });
  expect(await authority({ userId })).toEqual({ permissions: [], instance: false });
  const { id } = await f.assign(high.id, `user/${userId}`);
  expect(await authority({ userId })).toEqual({ permissions: ["posts.read", "posts.write"], instance: false });
  expect([await may("posts.write"), await may("posts.delete")]).toEqual([true, false]);
  await f.updateRole(low.id, { permissions: ["posts.list"] }, ["permissions"]);
  expect((await authority({ userId })).permissions).toEqual(["posts.list", "posts.write"]);
  await f.unassign(high.id, id);
  expect((await authority({ userId })).permissions).toEqual([]);
  expect((await f.events()).map(({ payload }) => payload.case)).toEqual(
    expect.arrayContaining(["roleAssigned", "roleUnassigned"]),
  );
});

test("is what is stored where nobody may rely on what is remembered, also of whoever may not sign in now", async () => {
  await f.assign("support", `user/${userId}`);
  const asked = create(GetAuthorityRequestSchema, { userId, uncached: true });
  const stored = async () => getAuthority(f.dependencies)(asked, f.context());
  expect(await stored()).toMatchObject({ active: true, instance: false });
  expect((await stored()).permissions).toContain("sessions.write");
  const disabled = { userId, user: { status: UserStatus.DISABLED }, updateMask: { paths: ["status"] } };
  await updateUser(f.dependencies)(create(UpdateUserRequestSchema, disabled), f.context());
  expect(await stored()).toMatchObject({ active: false });
  expect((await stored()).permissions).toContain("sessions.write");
  expect((await authority({ userId })).permissions).toEqual([]);
});

test("a service account has roles as people have", async () => {
  await f.assign("support", "client/reporter");
  expect((await authority({ clientId: "reporter" })).permissions).toContain("sessions.write");
  expect((await authority({ clientId: "another" })).permissions).toEqual([]);
  expect((await authority({ clientId: "reporter" }, "t2")).permissions).toEqual([]);
});

test("a client that was deleted gets no role, and no role of its own; one that is not there yet does", async () => {
  f.deletedClients.add("gone");
  expect(await refusal(f.assign("support", "client/gone"))).toMatchObject({
    reason: "INVALID_REQUEST",
    fields: ["assignment.client_id"],
  });
  expect(await refusal(f.role({ name: "own", clientId: "gone" }))).toMatchObject({
    reason: "ROLE_INVALID",
    fields: ["role.client_id"],
  });
  await f.assign("support", "client/waiting");
  await f.role({ name: "own", clientId: "waiting" });
});

test("the tenant's owner does everything in the tenant, and nothing beyond it", async () => {
  await f.assign("owner", `user/${userId}`);
  expect(await authority({ userId })).toEqual({ permissions: ["*"], instance: false });
  expect(await may("anything.at-all")).toBe(true);
});

test("whoever may not sign in may do nothing", async () => {
  await f.assign("support", `user/${userId}`);
  const request = create(UpdateUserRequestSchema, {
    userId,
    user: { status: UserStatus.DISABLED },
    updateMask: { paths: ["status"] },
  });
  await updateUser(f.dependencies)(request, f.context());
  expect(await authority({ userId })).toEqual({ permissions: [], instance: false });
  expect(await may("users.read")).toBe(false);
});

test("a person asks about themselves by `me`, and learns which roles they have", async () => {
  await f.assign("auditor", `user/${userId}`);
  const caller = {
    kind: "user",
    userId,
    clientId: "app",
    sessionId: "s",
    scopes: new Set(["openid"]),
    permissions: new Set<string>(),
    instance: false,
    authTime: 0,
  } as const;
  expect(await may("users.read", "me", { caller })).toBe(true);
  const request = create(ListEffectivePermissionsRequestSchema, { userId: "me" });
  const answer = await listEffectivePermissions(f.dependencies)(request, f.context({ caller }));
  expect(answer.roles.map(({ id }) => id)).toEqual(["auditor"]);
  expect(answer.permissions).toContain("audit.read");
});

test("is given once, and found by role, by whom, or by both", async () => {
  const other = await f.user({ username: "bob" });
  const first = await f.assign("support", `user/${userId}`);
  expect(await f.assign("support", `user/${userId}`)).toEqual(first);
  f.advance(1);
  await f.assign("support", `user/${other.id}`);
  await f.assign("auditor", `user/${userId}`);
  const found = async (init: Parameters<typeof f.assignments>[0]) =>
    (await f.assignments(init)).assignments.map(({ roleId, subject }) => [roleId, subject.value]);
  expect(await found({ roleId: "support" })).toEqual([
    ["support", userId],
    ["support", other.id],
  ]);
  expect(await found({ userId })).toHaveLength(2);
  expect(await found({ userId, roleId: "auditor" })).toEqual([["auditor", userId]]);
  const { nextPageToken: pageToken } = await f.assignments({ roleId: "support", pageSize: 1 });
  expect(await found({ roleId: "support", pageToken })).toEqual([["support", other.id]]);
  expect(await refusal(f.assignments({ userId, pageToken }))).toMatchObject({ reason: "PAGE_TOKEN_INVALID" });
});

test("A14: an assignment is its role's and its tenant's only", async () => {
  const { id } = await f.assign("support", `user/${userId}`);
  const notFound = { reason: "ROLE_ASSIGNMENT_NOT_FOUND" };
  expect(await refusal(f.unassign("auditor", id))).toMatchObject(notFound);
  expect(await refusal(f.unassign("support", id, { tenantId: "t2" }))).toMatchObject(notFound);
  expect(await refusal(f.assign("support", `user/${userId}`, { tenantId: "t2" }))).toMatchObject({
    reason: "USER_NOT_FOUND",
  });
  expect((await f.assignments({ roleId: "support" }, { tenantId: "t2" })).assignments).toEqual([]);
});

test("nobody gives or takes a role that permits more than they have", async () => {
  const small = holderOf("roles.assign", "users.read");
  const denied = { reason: "PERMISSION_DENIED" };
  expect(await refusal(f.assign("support", `user/${userId}`, small))).toMatchObject(denied);
  expect(await refusal(f.assign("owner", "client/mine", holderOf("roles.assign", "users.write")))).toMatchObject(
    denied,
  );
  const { id } = await f.assign("owner", `user/${userId}`);
  expect(await refusal(f.unassign("owner", id, small))).toMatchObject(denied);
});

test("nobody takes over who may do more: not by a password, an address or a status", async () => {
  await f.assign("owner", `user/${userId}`);
  const small = holderOf("users.write", "users.read");
  const request = create(SetUserPasswordRequestSchema, { userId, password: goodPassword });
  expect(await refusal(setUserPassword(f.dependencies)(request, f.context(small)))).toMatchObject({
    reason: "PERMISSION_DENIED",
  });
  const change = create(UpdateUserRequestSchema, {
    userId,
    user: { email: "mine@example.com" },
    updateMask: { paths: ["email"] },
  });
  expect(await refusal(updateUser(f.dependencies)(change, f.context(small)))).toMatchObject({
    reason: "PERMISSION_DENIED",
  });
  await updateUser(f.dependencies)(change, f.context(holderOf("*")));
});

test("the assignments of a role that is deleted go, and permit nothing before they have gone", async () => {
  const role = await f.role({ name: "editor", permissions: ["posts.write"] });
  await f.assign(role.id, `user/${userId}`);
  await f.deleteRole(role.id);
  expect((await authority({ userId })).permissions).toEqual([]);
  const deleted = (await f.events()).find(({ payload }) => payload.case === "roleDeleted");
  if (deleted === undefined) throw new Error("no event tells of the deletion");
  const finish = finishRoleDeletion(f.dependencies);
  for (let time = 0; time < 2; time += 1) await finish({ tenantId: "t1", event: deleted });
  expect((await f.assignments({ userId })).assignments).toEqual([]);
});

test("a role that is deleted goes out of those that include it, which can be changed before and after", async () => {
  const [part, other] = [await f.role({ name: "part" }), await f.role({ name: "other" })];
  const whole = await f.role({ name: "whole", includedRoleIds: [part.id, other.id] });
  await f.deleteRole(part.id);
  const described = await f.updateRole(whole.id, { description: "d" }, ["description"]);
  expect(described).toMatchObject({ description: "d", includedRoleIds: [part.id, other.id] });
  await f.updateRole(whole.id, { includedRoleIds: [part.id] }, ["included_role_ids"]);
  expect(await refusal(f.updateRole(other.id, { includedRoleIds: [part.id] }, ["included_role_ids"]))).toMatchObject({
    reason: "ROLE_INVALID",
    fields: ["role.included_role_ids[0]"],
  });
  await f.updateRole(whole.id, { includedRoleIds: [part.id, other.id] }, ["included_role_ids"]);
  const deleted = (await f.events()).findLast(({ payload }) => payload.case === "roleDeleted");
  if (deleted === undefined) throw new Error("no event tells of the deletion");
  for (let time = 0; time < 2; time += 1) await finishRoleDeletion(f.dependencies)({ tenantId: "t1", event: deleted });
  expect(await f.getRole(whole.id)).toMatchObject({ includedRoleIds: [other.id], etag: "v5" });
  expect((await f.events()).at(-1)?.payload).toMatchObject({
    case: "roleUpdated",
    value: { paths: ["included_role_ids"] },
  });
});

test("what is remembered is asked anew after an event, and after a moment without one", async () => {
  const { authorities } = f.dependencies;
  // Another replica's commit: this process learns of it by the log alone.
  const replica = { ...f.dependencies, authorities: createAuthorities(f.dependencies) };
  const assign = (roleId: string) =>
    createRoleAssignment(replica)(
      create(CreateRoleAssignmentRequestSchema, { roleId, assignment: { subject: { case: "userId", value: userId } } }),
      f.context(),
    );
  const known = async () => (await authorities.of("t1", `user/${userId}`)).roles.map(({ id }) => id);
  expect(await known()).toEqual([]);
  await assign("support");
  expect(await known()).toEqual([]);
  const event = (await f.events()).at(-1);
  if (event === undefined) throw new Error("no event tells of the assignment");
  authorities.forget({ position: 1, number: 1, tenantId: "t1", event });
  expect(await known()).toEqual(["support"]);
  await assign("auditor");
  f.advance(2_499);
  expect(await known()).toEqual(["support"]);
  f.advance(1);
  expect(await known()).toHaveLength(2);
});
