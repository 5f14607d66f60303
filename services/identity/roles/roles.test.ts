import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { RoleSchema } from "#gen/koder/identity/store/v1/role_pb.ts";
import { insert } from "../../store/writes.ts";
import { roles } from "../collections.ts";
import { refusal } from "../identity-fixture.ts";
import { builtInRoles } from "./built-in-roles.ts";
import { mostRoles } from "./role-catalogue.ts";
import { holderOf, roleFixture } from "./role-fixture.ts";

const builtInIds = builtInRoles.map(({ id }) => id).toSorted();

test("a role is kept as asked for, and tells of it", async () => {
  const f = await roleFixture();
  const made = await f.role({ name: "editor", displayName: "Editor", permissions: ["posts.write"], clientId: "blog" });
  expect(made).toMatchObject({
    name: "editor",
    permissions: ["posts.write"],
    clientId: "blog",
    etag: "v1",
    builtIn: false,
  });
  expect(await f.getRole(made.id)).toEqual(made);
  expect((await f.events()).at(-1)?.payload).toMatchObject({ case: "roleCreated", value: { clientId: "blog" } });
});

test("a name is taken within its tenant and client only", async () => {
  const f = await roleFixture();
  await f.role({ name: "editor" });
  expect(await refusal(f.role({ name: "editor" }))).toMatchObject({ reason: "ROLE_NAME_TAKEN", fields: ["role.name"] });
  await f.role({ name: "editor", clientId: "blog" });
  await f.role({ name: "editor" }, { tenantId: "t2" });
});

test.each([
  ["no name", {}],
  ["the name of a built-in one", { name: "owner" }],
  ["an id", { name: "editor", id: "owner" }],
  ["a role that is not there", { name: "editor", includedRoleIds: ["01JZZZZZZZZZZZZZZZZZZZZZZZ"] }],
])("a role with %s is refused", async (_what, role) => {
  const f = await roleFixture();
  expect(await refusal(f.role(role))).toMatchObject({ reason: "ROLE_INVALID" });
});

test("is made once for one request id", async () => {
  const f = await roleFixture();
  const requestId = randomUUID();
  expect(await f.role({ name: "editor" }, {}, requestId)).toEqual(await f.role({ name: "editor" }, {}, requestId));
});

test("A14: another tenant's role is not there, and cannot be included", async () => {
  const f = await roleFixture();
  const { id } = await f.role({ name: "editor" });
  const elsewhere = { tenantId: "t2" };
  expect(await refusal(f.getRole(id, elsewhere))).toMatchObject({ reason: "ROLE_NOT_FOUND" });
  expect(await refusal(f.updateRole(id, { name: "x" }, ["name"], elsewhere))).toMatchObject({
    reason: "ROLE_NOT_FOUND",
  });
  expect(await refusal(f.deleteRole(id, "", elsewhere))).toMatchObject({ reason: "ROLE_NOT_FOUND" });
  expect(await refusal(f.assign(id, "client/x", elsewhere))).toMatchObject({ reason: "ROLE_NOT_FOUND" });
  expect(await refusal(f.role({ name: "all", includedRoleIds: [id] }, elsewhere))).toMatchObject({
    reason: "ROLE_INVALID",
  });
  expect((await f.listRoles({}, elsewhere)).roles.map((role) => role.id)).toEqual(builtInIds);
});

test("no role comes to include itself, whichever way round", async () => {
  const f = await roleFixture();
  const a = await f.role({ name: "a" });
  const b = await f.role({ name: "b", includedRoleIds: [a.id] });
  const c = await f.role({ name: "c", includedRoleIds: [b.id] });
  for (const included of [a.id, b.id, c.id]) {
    expect(await refusal(f.updateRole(a.id, { includedRoleIds: [included] }, ["included_role_ids"]))).toMatchObject({
      reason: "ROLE_INVALID",
      fields: ["role.included_role_ids[0]"],
    });
  }
  expect(
    (await f.updateRole(c.id, { includedRoleIds: [a.id, b.id, "support"] }, ["included_role_ids"])).includedRoleIds,
  ).toHaveLength(3);
});

test("of two changes at once that would close a circle together, one is made", async () => {
  const f = await roleFixture();
  const [a, b] = [await f.role({ name: "a" }), await f.role({ name: "b" })];
  const results = await Promise.allSettled([
    f.updateRole(a.id, { includedRoleIds: [b.id] }, ["included_role_ids"]),
    f.updateRole(b.id, { includedRoleIds: [a.id] }, ["included_role_ids"]),
  ]);
  expect(results.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
});

test("changes of inclusions at once that go together are all made", async () => {
  const f = await roleFixture();
  const base = await f.role({ name: "base" });
  const made = await Promise.all(["a", "b", "c", "d", "e", "f"].map((name) => f.role({ name })));
  const change = { includedRoleIds: [base.id] };
  const changed = await Promise.all(
    made.map(({ id, etag }) => f.updateRole(id, { ...change, etag }, ["included_role_ids"])),
  );
  expect(changed.map(({ etag }) => etag)).toEqual(made.map(() => "v2"));
});

test("a built-in role stays what it is", async () => {
  const f = await roleFixture();
  expect(await refusal(f.updateRole("auditor", { name: "x" }, ["name"]))).toMatchObject({ reason: "ROLE_BUILT_IN" });
  expect(await refusal(f.deleteRole("auditor"))).toMatchObject({ reason: "ROLE_BUILT_IN" });
  expect(await f.getRole("auditor")).toMatchObject({ builtIn: true, name: "auditor" });
});

test("changes by mask, with an etag that must be right", async () => {
  const f = await roleFixture();
  const made = await f.role({ name: "editor", description: "Edits." });
  const changed = await f.updateRole(made.id, { displayName: "Editor", etag: made.etag }, ["display_name", "etag"]);
  expect(changed).toMatchObject({ name: "editor", description: "Edits.", displayName: "Editor", etag: "v2" });
  const late = f.updateRole(made.id, { displayName: "X", etag: made.etag }, ["display_name"]);
  expect(await refusal(late)).toMatchObject({ reason: "ETAG_MISMATCH" });
  expect(await refusal(f.updateRole(made.id, { clientId: "x" }, ["client_id"]))).toMatchObject({
    reason: "ROLE_INVALID",
  });
  expect(await refusal(f.deleteRole(made.id, made.etag))).toMatchObject({ reason: "ETAG_MISMATCH" });
  await f.deleteRole(made.id, changed.etag);
  expect(await refusal(f.getRole(made.id))).toMatchObject({ reason: "ROLE_NOT_FOUND" });
});

test("is deleted once by two at once, and neither is told of an etag", async () => {
  const f = await roleFixture();
  const { id } = await f.role({ name: "editor" });
  const [one, other] = [f.deleteRole(id), f.deleteRole(id)];
  await one;
  expect(await refusal(other)).toMatchObject({ reason: "ROLE_NOT_FOUND" });
});

test("nobody makes, changes or deletes a role that permits more than they have", async () => {
  const f = await roleFixture();
  const small = holderOf("roles.write", "users.read");
  const denied = { reason: "PERMISSION_DENIED" };
  const own = await f.role({ name: "own", permissions: ["users.read"] }, small);
  const strong = await f.role({ name: "strong", permissions: ["users.write"] });
  for (const role of [
    { name: "x", permissions: ["users.write"] },
    { name: "x", permissions: ["*"] },
    { name: "x", includedRoleIds: ["owner"] },
    { name: "x", includedRoleIds: [strong.id] },
  ]) {
    expect(await refusal(f.role(role, small))).toMatchObject(denied);
  }
  expect(await refusal(f.updateRole(own.id, { permissions: ["*"] }, ["permissions"], small))).toMatchObject(denied);
  expect(await refusal(f.updateRole(strong.id, { permissions: [] }, ["permissions"], small))).toMatchObject(denied);
  expect(await refusal(f.deleteRole(strong.id, "", small))).toMatchObject(denied);
  const person = {
    kind: "user",
    userId: "u",
    clientId: "console",
    sessionId: "s",
    instance: false,
    authTime: 0,
  } as const;
  const everywhere = { ...person, permissions: new Set(["*"]) };
  const narrow = { caller: { ...everywhere, scopes: new Set(["roles.write"]) } };
  expect(await refusal(f.role({ name: "x", permissions: ["users.write"] }, narrow))).toMatchObject(denied);
  await f.role(
    { name: "x", permissions: ["users.write"] },
    { caller: { ...everywhere, scopes: new Set(["users.write"]) } },
  );
});

test("are listed page by page, the built-in ones last, or of one client", async () => {
  const f = await roleFixture();
  const ids: string[] = [];
  for (const name of ["a", "b", "c"]) {
    ids.push((await f.role({ name, clientId: name === "b" ? "blog" : "" })).id);
    f.advance(1);
  }
  const seen: string[] = [];
  let pageToken = "";
  do {
    const page = await f.listRoles({ pageSize: 2, pageToken });
    seen.push(...page.roles.map(({ id }) => id));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  expect(seen).toEqual([...ids, ...builtInIds]);
  expect((await f.listRoles({ clientId: "blog" })).roles.map(({ name }) => name)).toEqual(["b"]);
  const { nextPageToken } = await f.listRoles({ pageSize: 1 });
  expect(await refusal(f.listRoles({ clientId: "blog", pageToken: nextPageToken }))).toMatchObject({
    reason: "PAGE_TOKEN_INVALID",
  });
});

test("there are only so many in a tenant", async () => {
  const f = await roleFixture();
  const records = Array.from({ length: mostRoles }, (_, at) => create(RoleSchema, { id: `r${at}`, name: `r${at}` }));
  await f.data.commit(
    records.map((record) => insert(roles, record)),
    [create(EventSchema)],
  );
  expect(await refusal(f.role({ name: "one-more" }))).toMatchObject({ reason: "ROLE_LIMIT" });
});
