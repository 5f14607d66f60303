import { create, type JsonObject, type MessageInitShape } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { ActorType } from "#gen/koder/events/v1/event_pb.ts";
import { AttributeSchemaSchema } from "#gen/koder/identity/v1/attribute_schema_pb.ts";
import {
  GetAttributeSchemaRequestSchema,
  UpdateAttributeSchemaRequestSchema,
} from "#gen/koder/identity/v1/attribute_schema_service_pb.ts";
import { UserSchema, type User } from "#gen/koder/identity/v1/user_pb.ts";
import { UpdateUserAttributesRequestSchema, UpdateUserRequestSchema } from "#gen/koder/identity/v1/user_service_pb.ts";
import type { Call } from "../../host/call.ts";
import { refusal } from "../identity-fixture.ts";
import { roleFixture } from "../roles/role-fixture.ts";
import { userSubject } from "../roles/subject.ts";
import { updateUser } from "../users/update-user.ts";
import { createAttributeSchemas } from "./attribute-schemas.ts";
import { getAttributeSchema } from "./get-attribute-schema.ts";
import { updateAttributeSchema } from "./update-attribute-schema.ts";
import { updateUserAttributes } from "./update-user-attributes.ts";

const staff: JsonObject = {
  properties: { department: { type: "string", maxLength: 20 }, shirt: { enum: ["S", "M", "L"] } },
  required: ["department"],
};

async function fixture() {
  const f = await roleFixture();
  const { dependencies, context } = f;
  const setSchema = async (
    init: MessageInitShape<typeof AttributeSchemaSchema>,
    paths = ["schema", "self_writable"],
  ) => {
    const request = create(UpdateAttributeSchemaRequestSchema, {
      attributeSchema: init,
      updateMask: create(FieldMaskSchema, { paths }),
    });
    return (await updateAttributeSchema(dependencies)(request, context())).attributeSchema;
  };
  const getSchema = async () =>
    (await getAttributeSchema(dependencies)(create(GetAttributeSchemaRequestSchema), context())).attributeSchema;
  const set = async (userId: string, attributes: JsonObject, overrides: Partial<Call> = {}, etag = "") => {
    const request = create(UpdateUserAttributesRequestSchema, { userId, attributes, etag });
    return (await updateUserAttributes(dependencies)(request, context(overrides))).user;
  };
  const update = async (userId: string, user: MessageInitShape<typeof UserSchema>, paths: string[]) => {
    const request = create(UpdateUserRequestSchema, { userId, user, updateMask: create(FieldMaskSchema, { paths }) });
    return (await updateUser(dependencies)(request, context())).user;
  };
  const user: typeof f.user = (...asked) => f.user(...asked);
  const advance = (milliseconds: number): void => f.advance(milliseconds);
  return { ...f, user, advance, setSchema, getSchema, set, update };
}

/** A person who calls for themselves, by an application's token. */
const asThemselves = (
  { id }: Pick<User, "id">,
  permissions: readonly string[] = [],
  scopes: readonly string[] = [],
): Partial<Call> => ({
  caller: {
    kind: "user",
    userId: id,
    clientId: "app",
    sessionId: "",
    scopes: new Set(["openid", ...permissions, ...scopes]),
    permissions: new Set(permissions),
    instance: false,
    authTime: 0,
  },
  actor: { id, type: ActorType.USER },
});

test("without a schema there are no attributes, and nobody is asked for any", async () => {
  const { user, set, getSchema } = await fixture();
  const ana = await user({ username: "ana" });
  expect(await getSchema()).toMatchObject({ etag: "v0", selfWritable: [] });
  expect((await getSchema())?.schema).toBe(undefined);
  expect(await refusal(set(ana.id, { plan: "gold" }))).toMatchObject({
    reason: "ATTRIBUTES_INVALID",
    fields: ["attributes.plan"],
  });
  expect(await set(ana.id, {})).not.toHaveProperty("attributes");
});

test("attributes are set one by one, null takes one away, and together they fit", async () => {
  const { user, set, setSchema, update, events } = await fixture();
  await setSchema({ schema: staff });
  expect(await refusal(user({ username: "none" }))).toMatchObject({ fields: ["user.attributes.department"] });
  const ana = await user({ username: "ana", attributes: { department: "IT" } });
  expect(ana.attributes).toEqual({ department: "IT" });
  expect((await set(ana.id, { shirt: "M" }))?.attributes).toEqual({ department: "IT", shirt: "M" });
  expect((await update(ana.id, { attributes: { shirt: null } }, ["attributes"]))?.attributes).toEqual({
    department: "IT",
  });
  for (const [sent, field] of [
    [{ shirt: "XXL" }, "attributes.shirt"],
    [{ department: null }, "attributes.department"],
    [{ department: "a department with a long name" }, "attributes.department"],
    [{ floor: 3 }, "attributes.floor"],
  ] satisfies [JsonObject, string][]) {
    expect(await refusal(set(ana.id, sent))).toMatchObject({ reason: "ATTRIBUTES_INVALID", fields: [field] });
  }
  const told = (await events()).flatMap(({ payload }) => (payload.case === "userUpdated" ? payload.value.paths : []));
  expect(told).toEqual(["attributes.shirt", "attributes"]);
  expect(JSON.stringify(told)).not.toContain("IT");
});

test("what people may not set themselves they do not; whoever administers sets any", async () => {
  const { user, set, setSchema } = await fixture();
  await setSchema({ schema: staff, selfWritable: ["shirt"] });
  const ana = await user({ username: "ana", attributes: { department: "IT" } });
  const self = asThemselves(ana);
  expect((await set("me", { shirt: "S" }, self))?.attributes).toEqual({ department: "IT", shirt: "S" });
  expect(await refusal(set("me", { shirt: "M", department: "Board" }, self))).toMatchObject({
    reason: "ATTRIBUTE_NOT_WRITABLE",
    code: Code.PermissionDenied,
    fields: ["attributes.department"],
  });
  expect(await refusal(set(ana.id, { nothing: 1 }, self))).toMatchObject({ reason: "ATTRIBUTE_NOT_WRITABLE" });
  const helper = asThemselves(ana, ["users.write"]);
  expect((await set("me", { department: "Board" }, helper))?.attributes).toMatchObject({ department: "Board" });
});

test("whoever may do more than a token with users.write still sets their own by it, and nothing else", async () => {
  const { user, set, setSchema, assign } = await fixture();
  await setSchema({ schema: staff, selfWritable: ["shirt"] });
  const ana = await user({ username: "ana", attributes: { department: "IT" } });
  const bob = await user({ username: "bob", attributes: { department: "IT" } });
  await assign("support", userSubject(ana.id));
  const helper = asThemselves(ana, ["users.write"], ["account.write"]);
  expect((await set("me", { shirt: "S" }, helper))?.attributes).toEqual({ department: "IT", shirt: "S" });
  for (const [sent, by] of [
    [{ department: "Board" }, helper],
    [{ shirt: "M" }, asThemselves(ana, ["users.write"])],
    [{ shirt: "M" }, asThemselves(bob, ["users.write"], ["account.write"])],
  ] satisfies [JsonObject, Partial<Call>][]) {
    expect(await refusal(set(ana.id, sent, by))).toMatchObject({ reason: "PERMISSION_DENIED" });
  }
});

test("what is sent as a name, and is none, is in no event", async () => {
  const { user, set, setSchema, events } = await fixture();
  await setSchema({ schema: { properties: { floor: { type: "integer" } } } });
  const ana = await user({ username: "ana", attributes: { floor: 1 } });
  expect((await set(ana.id, { "ana@example.com": null, floor: 2 }))?.attributes).toEqual({ floor: 2 });
  expect((await events()).at(-1)?.payload).toMatchObject({ value: { paths: ["attributes.floor"] } });
});

test("a new schema leaves people alone until their attributes are written", async () => {
  const { user, set, setSchema, update } = await fixture();
  await setSchema({ schema: staff });
  const ana = await user({ username: "ana", attributes: { department: "IT", shirt: "M" } });
  await setSchema({ schema: { properties: { department: { enum: ["Law"] }, size: { type: "integer" } } } });
  expect(await update(ana.id, { name: "Ana" }, ["name"])).toMatchObject({
    attributes: { department: "IT", shirt: "M" },
  });
  expect(await refusal(set(ana.id, { size: 3 }))).toMatchObject({ fields: ["attributes.shirt"] });
  expect(await refusal(set(ana.id, { size: 3, shirt: null }))).toMatchObject({ fields: ["attributes.department"] });
  const moved = await set(ana.id, { size: 3, shirt: null, department: "Law" });
  expect(moved?.attributes).toEqual({ size: 3, department: "Law" });
});

test("people take away what a schema of before has left over, and nothing else that is not theirs", async () => {
  const { user, set, setSchema } = await fixture();
  await setSchema({ schema: { properties: { badge: { type: "string" }, floor: true, shirt: true } } });
  const ana = await user({ username: "ana", attributes: { badge: "b1", floor: 1, shirt: "S" } });
  await setSchema({ schema: { properties: { floor: true, shirt: true } }, selfWritable: ["shirt"] });
  const self = asThemselves(ana);
  expect(await refusal(set("me", { shirt: "M" }, self))).toMatchObject({ fields: ["attributes.badge"] });
  for (const [sent, field] of [
    [{ badge: "b2" }, "attributes.badge"],
    [{ badge: null, floor: null }, "attributes.floor"],
  ] satisfies [JsonObject, string][]) {
    expect(await refusal(set("me", sent, self))).toMatchObject({ reason: "ATTRIBUTE_NOT_WRITABLE", fields: [field] });
  }
  expect((await set("me", { shirt: "M", badge: null }, self))?.attributes).toEqual({ floor: 1, shirt: "M" });
});

test("a repeat of a creation is answered as at first, whatever the schema says by then", async () => {
  const { user, setSchema } = await fixture();
  await setSchema({ schema: staff });
  const asked = { username: "ana", attributes: { department: "IT" } };
  const first = await user(asked, "0b6f2a52-52a5-4b0a-9c2f-0f6f5a5f5a5f");
  await setSchema({ schema: { properties: { department: { enum: ["Law"] } } } });
  expect(await user(asked, "0b6f2a52-52a5-4b0a-9c2f-0f6f5a5f5a5f")).toEqual(first);
  expect(await refusal(user({ ...asked, username: "bob" }))).toMatchObject({ reason: "ATTRIBUTES_INVALID" });
});

test("what is too much is refused, whatever the schema says", async () => {
  const { user, set, setSchema } = await fixture();
  await setSchema({ schema: { properties: { any: true } } });
  const ana = await user({ username: "ana" });
  let deep: JsonObject = {};
  for (let at = 0; at < 9; at += 1) deep = { deep };
  const proto = JSON.parse('{"__proto__": 1}') as JsonObject;
  for (const any of ["x".repeat(16_384), Array.from({ length: 1_001 }, () => 1), deep, proto]) {
    expect(await refusal(set(ana.id, { any }))).toMatchObject({ reason: "ATTRIBUTES_INVALID", fields: ["attributes"] });
  }
  expect((await set(ana.id, { any: { list: [1, { a: "b" }] } }))?.attributes).toEqual({
    any: { list: [1, { a: "b" }] },
  });
});

test("a schema that is none is refused with its place, and changes nothing; an etag that is not its own, too", async () => {
  const { setSchema, getSchema } = await fixture();
  await setSchema({ schema: staff, selfWritable: ["shirt"] });
  const before = await getSchema();
  const within = "attribute_schema.schema";
  for (const [init, field] of [
    [{ schema: { properties: { a: { $ref: "#" } } } }, `${within}.properties.a.$ref`],
    [{ schema: { properties: { a: { type: "text" } } } }, within],
    [{ schema: { properties: { a: { pattern: "(" } } } }, within],
    [{ schema: staff, selfWritable: ["none"] }, "attribute_schema.self_writable"],
    [{ selfWritable: ["shirt"] }, "attribute_schema.self_writable"],
  ] satisfies [MessageInitShape<typeof AttributeSchemaSchema>, string][]) {
    expect(await refusal(setSchema(init))).toMatchObject({ reason: "ATTRIBUTE_SCHEMA_INVALID", fields: [field] });
  }
  expect(await refusal(setSchema({}, ["update_time"]))).toMatchObject({ reason: "ATTRIBUTE_SCHEMA_INVALID" });
  expect(await refusal(setSchema({ etag: "v9" }, ["schema"]))).toMatchObject({ reason: "ETAG_MISMATCH" });
  expect(await getSchema()).toEqual(before);
  expect((await setSchema({}, ["schema", "self_writable"]))?.schema).toBe(undefined);
});

test("another process learns of a new schema by the log, or after five seconds", async () => {
  const { dependencies, setSchema, advance, events } = await fixture();
  const elsewhere = createAttributeSchemas(dependencies);
  const names = async () => [...(await elsewhere.get("t1")).names];
  expect(await names()).toEqual([]);
  await setSchema({ schema: staff });
  expect(await names()).toEqual([]);
  const event = (await events()).at(-1);
  if (event === undefined) throw new Error("no event");
  elsewhere.forgetChanged({ position: 1, tenantId: "t1", number: 1, event });
  expect(await names()).toEqual(["department", "shirt"]);
  await setSchema({}, ["schema"]);
  advance(5_001);
  expect(await names()).toEqual([]);
});
