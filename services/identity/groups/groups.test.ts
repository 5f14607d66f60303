import { randomUUID } from "node:crypto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { beforeEach, expect, test } from "vitest";
import { GroupMemberSchema, type GroupSchema } from "#gen/koder/identity/v1/group_pb.ts";
import {
  AddGroupMemberRequestSchema,
  CreateGroupRequestSchema,
  DeleteGroupRequestSchema,
  GetGroupRequestSchema,
  ListGroupMembersRequestSchema,
  ListGroupsRequestSchema,
  RemoveGroupMemberRequestSchema,
  UpdateGroupRequestSchema,
} from "#gen/koder/identity/v1/group_service_pb.ts";
import type { Call } from "../../host/call.ts";
import { refusal } from "../identity-fixture.ts";
import { holderOf, roleFixture } from "../roles/role-fixture.ts";
import { addGroupMember } from "./add-group-member.ts";
import { createGroup } from "./create-group.ts";
import { deleteGroup } from "./delete-group.ts";
import { finishGroupDeletion } from "./finish-group-deletion.ts";
import { getGroup } from "./get-group.ts";
import { listGroupMembers } from "./list-group-members.ts";
import { listGroups } from "./list-groups.ts";
import { removeGroupMember } from "./remove-group-member.ts";
import { updateGroup } from "./update-group.ts";

type Overrides = Partial<Call>;
let f: Awaited<ReturnType<typeof roleFixture>>;
let ana: string;
beforeEach(async () => {
  f = await roleFixture();
  ana = (await f.user({ username: "ana" })).id;
});

const made = async (group: MessageInitShape<typeof GroupSchema>, overrides: Overrides = {}, requestId = "") => {
  const request = create(CreateGroupRequestSchema, { group, requestId });
  const { group: answered } = await createGroup(f.dependencies)(request, f.context(overrides));
  if (answered === undefined) throw new Error("no group was answered");
  f.advance(1);
  return answered;
};
const update = (
  groupId: string,
  group: MessageInitShape<typeof GroupSchema>,
  paths: string[],
  overrides: Overrides = {},
) =>
  updateGroup(f.dependencies)(
    create(UpdateGroupRequestSchema, { groupId, group, updateMask: { paths } }),
    f.context(overrides),
  );
const drop = (groupId: string, etag = "", overrides: Overrides = {}) =>
  deleteGroup(f.dependencies)(create(DeleteGroupRequestSchema, { groupId, etag }), f.context(overrides));
const get = (groupId: string, overrides: Overrides = {}) =>
  getGroup(f.dependencies)(create(GetGroupRequestSchema, { groupId }), f.context(overrides));
const add = (groupId: string, who: { userId: string } | { groupId: string }, overrides: Overrides = {}) => {
  const member = create(GroupMemberSchema, {
    member: "userId" in who ? { case: "userId", value: who.userId } : { case: "memberGroupId", value: who.groupId },
  });
  f.advance(1);
  return addGroupMember(f.dependencies)(create(AddGroupMemberRequestSchema, { groupId, member }), f.context(overrides));
};
const leave = (groupId: string, memberId: string, overrides: Overrides = {}) =>
  removeGroupMember(f.dependencies)(
    create(RemoveGroupMemberRequestSchema, { groupId, memberId }),
    f.context(overrides),
  );
const list = async (init: MessageInitShape<typeof ListGroupsRequestSchema>, overrides: Overrides = {}) =>
  (await listGroups(f.dependencies)(create(ListGroupsRequestSchema, init), f.context(overrides))).groups.map(
    ({ name }) => name,
  );
const members = async (groupId: string, overrides: Overrides = {}) =>
  (
    await listGroupMembers(f.dependencies)(create(ListGroupMembersRequestSchema, { groupId }), f.context(overrides))
  ).members.map(({ member }) => member.value);
const permissions = async (userId = ana) =>
  [...(await f.dependencies.authorities.of("t1", `user/${userId}`)).permissions].toSorted();

test("a group is kept as asked for, under a name that is taken whichever way it is written", async () => {
  const requestId = randomUUID();
  const group = await made({ name: "Berlin Office", description: "All of Berlin." }, {}, requestId);
  expect(group).toMatchObject({ name: "Berlin Office", description: "All of Berlin.", etag: "v1" });
  expect(await made({ name: "Berlin Office", description: "All of Berlin." }, {}, requestId)).toEqual(group);
  expect((await get(group.id)).group).toEqual(group);
  expect(await refusal(made({ name: "berlin office" }))).toMatchObject({ reason: "GROUP_NAME_TAKEN" });
  await made({ name: "berlin office" }, { tenantId: "t2" });
  expect(await refusal(made({ name: "" }))).toMatchObject({ reason: "GROUP_INVALID", fields: ["group.name"] });
});

test("whoever is in a group has its roles, and those of the groups around it, until they leave", async () => {
  const [inner, middle, outer] = [
    await made({ name: "inner" }),
    await made({ name: "middle" }),
    await made({ name: "outer" }),
  ];
  await f.assign((await f.role({ name: "a", permissions: ["a.read"] })).id, `group/${inner.id}`);
  await f.assign((await f.role({ name: "b", permissions: ["b.read"] })).id, `group/${outer.id}`);
  await add(middle.id, { groupId: inner.id });
  await add(outer.id, { groupId: middle.id });
  expect(await permissions()).toEqual([]);
  await add(inner.id, { userId: ana });
  expect(await permissions()).toEqual(["a.read", "b.read"]);
  await leave(outer.id, middle.id);
  expect(await permissions()).toEqual(["a.read"]);
  await add(outer.id, { groupId: middle.id });
  await leave(inner.id, ana);
  expect(await permissions()).toEqual([]);
  expect((await f.events()).map(({ payload }) => payload.case)).toEqual(
    expect.arrayContaining(["groupMemberAdded", "groupMemberRemoved"]),
  );
});

test("a group that is gone gives nothing and leads nowhere, and its memberships and roles go", async () => {
  const [inner, middle, outer] = [
    await made({ name: "inner" }),
    await made({ name: "middle" }),
    await made({ name: "outer" }),
  ];
  const role = await f.role({ name: "b", permissions: ["b.read"] });
  await f.assign(role.id, `group/${middle.id}`);
  await f.assign((await f.role({ name: "c", permissions: ["c.read"] })).id, `group/${outer.id}`);
  await add(middle.id, { groupId: inner.id });
  await add(outer.id, { groupId: middle.id });
  await add(inner.id, { userId: ana });
  await add(middle.id, { userId: ana });
  expect(await permissions()).toEqual(["b.read", "c.read"]);
  await drop(middle.id);
  expect(await permissions()).toEqual([]);
  const event = (await f.events()).find(({ payload }) => payload.case === "groupDeleted");
  if (event === undefined) throw new Error("no event tells of the deletion");
  for (let time = 0; time < 2; time += 1) await finishGroupDeletion(f.dependencies)({ tenantId: "t1", event });
  expect(await members(outer.id)).toEqual([]);
  expect(await list({ userId: ana })).toEqual(["inner"]);
  expect((await f.assignments({ roleId: role.id })).assignments).toEqual([]);
});

test("no group comes to be in itself, whichever way round, nor by two changes at once", async () => {
  const [a, b, c] = [await made({ name: "a" }), await made({ name: "b" }), await made({ name: "c" })];
  await add(a.id, { groupId: b.id });
  await add(b.id, { groupId: c.id });
  for (const outer of [a, b, c]) {
    expect(await refusal(add(c.id, { groupId: outer.id }))).toMatchObject({ reason: "GROUP_INVALID" });
  }
  const [d, e] = [await made({ name: "d" }), await made({ name: "e" })];
  const results = await Promise.allSettled([add(d.id, { groupId: e.id }), add(e.id, { groupId: d.id })]);
  expect(results.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
});

test("groups come into groups at once where no circle comes of it", async () => {
  const [outer, inner] = [await made({ name: "outer" }), await made({ name: "inner" })];
  const others = await Promise.all(["a", "b", "c", "d"].map((name) => made({ name })));
  await Promise.all(others.flatMap(({ id }) => [add(outer.id, { groupId: id }), add(id, { groupId: inner.id })]));
  expect(new Set(await members(outer.id))).toEqual(new Set(others.map(({ id }) => id)));
  expect(await list({ memberGroupId: inner.id })).toHaveLength(4);
});

test("nobody gives or takes by a group what they do not have themselves", async () => {
  const [group, around] = [await made({ name: "admins" }), await made({ name: "around" })];
  const small = holderOf("groups.write", "roles.assign");
  await add(group.id, { userId: ana }, small);
  await add(around.id, { groupId: group.id });
  await f.assign("owner", `group/${around.id}`);
  const bob = (await f.user({ username: "bob" })).id;
  for (const attempt of [
    () => add(group.id, { userId: bob }, small),
    () => leave(group.id, ana, small),
    () => drop(group.id, "", small),
    () => update(group.id, { name: "x" }, ["name"], small),
    () => f.assign("support", `group/${group.id}`, small),
  ]) {
    expect(await refusal(attempt())).toMatchObject({ reason: "PERMISSION_DENIED" });
  }
  const other = await made({ name: "other" });
  expect(await refusal(add(around.id, { groupId: other.id }, small))).toMatchObject({ reason: "PERMISSION_DENIED" });
});

test("A15: of which the policy asks for more goes by whoever may change the policy alone", async () => {
  const { id } = await made({ name: "strict" });
  f.signIns.groupsInPolicy.add(id);
  expect(await refusal(drop(id, "", holderOf("groups.write")))).toMatchObject({
    reason: "GROUP_IN_POLICY",
    code: Code.FailedPrecondition,
    fields: ["group_id"],
  });
  await drop(id, "", holderOf("groups.write", "policies.write"));
  const { id: other } = await made({ name: "other" });
  await drop(other, "", holderOf("groups.write"));
});

test("is deleted once by two at once, and neither is told of an etag", async () => {
  const { id } = await made({ name: "a" });
  const [one, other] = [drop(id), drop(id)];
  await one;
  expect(await refusal(other)).toMatchObject({ reason: "GROUP_NOT_FOUND" });
});

test("is changed by mask, with an etag that must be right", async () => {
  const group = await made({ name: "a", description: "One." });
  const { group: changed } = await update(group.id, { name: "A", etag: group.etag }, ["name", "etag"]);
  expect(changed).toMatchObject({ name: "A", description: "One.", etag: "v2" });
  expect(await refusal(update(group.id, { name: "b", etag: group.etag }, ["name"]))).toMatchObject({
    reason: "ETAG_MISMATCH",
  });
  expect(await refusal(update(group.id, {}, ["id"]))).toMatchObject({ reason: "GROUP_INVALID" });
  expect(await refusal(drop(group.id, group.etag))).toMatchObject({ reason: "ETAG_MISMATCH" });
  await made({ name: "b" });
  expect(await refusal(update(group.id, { name: "B" }, ["name"]))).toMatchObject({ reason: "GROUP_NAME_TAKEN" });
});

test("are found by the beginning of their name and by who is in them; members in the order in which they came", async () => {
  const [one, two] = [await made({ name: "Sales" }), await made({ name: "sales/berlin" })];
  await made({ name: "Support" });
  expect(await list({})).toEqual(["Sales", "sales/berlin", "Support"]);
  expect(await list({ namePrefix: "SALES" })).toEqual(["Sales", "sales/berlin"]);
  await add(two.id, { userId: ana });
  await add(two.id, { groupId: one.id });
  expect(await list({ userId: ana })).toEqual(["sales/berlin"]);
  expect(await members(two.id)).toEqual([ana, one.id]);
  expect((await add(two.id, { userId: ana })).member?.groupId).toBe(two.id);
  expect(await members(two.id)).toHaveLength(2);
});

test("A14: nothing of another tenant", async () => {
  const group = await made({ name: "a" });
  await add(group.id, { userId: ana });
  const elsewhere = { tenantId: "t2" };
  const theirs = await made({ name: "theirs" }, elsewhere);
  for (const attempt of [
    () => get(group.id, elsewhere),
    () => update(group.id, { name: "b" }, ["name"], elsewhere),
    () => drop(group.id, "", elsewhere),
    () => add(group.id, { userId: ana }, elsewhere),
    () => members(group.id, elsewhere),
    () => add(theirs.id, { groupId: group.id }, elsewhere),
  ]) {
    expect(await refusal(attempt())).toMatchObject({ reason: "GROUP_NOT_FOUND" });
  }
  expect(await refusal(add(theirs.id, { userId: ana }, elsewhere))).toMatchObject({ reason: "USER_NOT_FOUND" });
  expect(await refusal(leave(group.id, ana, elsewhere))).toMatchObject({ reason: "GROUP_MEMBER_NOT_FOUND" });
  expect(await list({ userId: ana }, elsewhere)).toEqual([]);
});
