import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  CreateOwnerRequestSchema,
  GetAuthorityRequestSchema,
  VerifyPasswordRequestSchema,
} from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { UpdateUserRequestSchema } from "#gen/koder/identity/v1/user_service_pb.ts";
import { goodPassword, identityFixture, refusal } from "../identity-fixture.ts";
import { updateUser } from "../users/update-user.ts";
import { createOwner } from "./create-owner.ts";
import { getAuthority } from "./get-authority.ts";
import { verifyPassword } from "./verify-password.ts";

const ownerId = "01JZZZZZZZZZZZZZZZZZZZZZZ0";
const another = "another good pass phrase";

const setUp = async () => {
  const f = await identityFixture();
  const answer = (init: MessageInitShape<typeof CreateOwnerRequestSchema> = {}) =>
    createOwner(f.dependencies)(
      create(CreateOwnerRequestSchema, { userId: ownerId, username: "admin", password: goodPassword, ...init }),
      f.context(),
    );
  const createOne = async (init: MessageInitShape<typeof CreateOwnerRequestSchema> = {}) => (await answer(init)).user;
  const verify = (password: string) =>
    verifyPassword(f.dependencies)(create(VerifyPasswordRequestSchema, { userId: ownerId, password }), f.context());
  const authority = (userId: string, tenantId = "t1") =>
    getAuthority(f.dependencies)(create(GetAuthorityRequestSchema, { userId }), f.context({ tenantId }));
  return { f, answer, createOne, verify, authority };
};

describe("creating the owner", () => {
  test("gives them every permission, and the instance", async () => {
    const { createOne, verify, authority } = await setUp();
    expect(await createOne({ passwordChangeRequired: true })).toMatchObject({
      id: ownerId,
      username: "admin",
      status: UserStatus.ACTIVE,
      passwordChangeRequired: true,
    });
    expect(await authority(ownerId)).toMatchObject({ permissions: ["*"], instance: true });
    expect(await verify(goodPassword)).toMatchObject({ verified: true, passwordChangeRequired: true });
  });

  test("a repeat sets the password anew, until the owner has signed in", async () => {
    const { createOne, verify } = await setUp();
    await createOne();
    await createOne({ password: another });
    expect(await verify(goodPassword)).toMatchObject({ verified: false });
    expect(await verify(another)).toMatchObject({ verified: true });
    await createOne();
    expect(await verify(another)).toMatchObject({ verified: true });
  });

  test("a repeat voids what the password before has begun, and says whether the owner has signed in", async () => {
    const { f, createOne, answer, verify } = await setUp();
    await createOne();
    expect(f.epochOf(ownerId)).toBe(0n);
    expect(await answer({ password: another })).toMatchObject({ signedIn: false });
    expect(f.epochOf(ownerId)).toBe(1n);
    await verify(another);
    expect(await answer()).toMatchObject({ signedIn: true, user: { id: ownerId } });
    expect(f.epochOf(ownerId)).toBe(1n);
  });

  test("A32: there is one owner, whatever the next one is called", async () => {
    const { createOne } = await setUp();
    await createOne();
    const userId = "01JZZZZZZZZZZZZZZZZZZZZZZ1";
    expect(await refusal(createOne({ userId }))).toMatchObject({ reason: "OWNER_EXISTS" });
    expect(await refusal(createOne({ userId, username: "other" }))).toMatchObject({ reason: "OWNER_EXISTS" });
  });

  test("20 at once by 20 ids: one owner", async () => {
    const { createOne, authority } = await setUp();
    const ids = Array.from({ length: 20 }, (_, i) => `01JZZZZZZZZZZZZZZZZZZZZZ${String(i).padStart(2, "0")}`);
    const settled = await Promise.allSettled(ids.map((userId, i) => createOne({ userId, username: `owner${i}` })));
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const owners = await Promise.all(ids.map(async (id) => (await authority(id)).instance));
    expect(owners.filter(Boolean)).toHaveLength(1);
  });

  test("twice at once by one id ends in that owner", async () => {
    const { createOne } = await setUp();
    const both = await Promise.all([createOne(), createOne({ password: another })]);
    expect(both.map((user) => user?.id)).toEqual([ownerId, ownerId]);
  });

  test("takes no name that somebody has, and no user's id for the owner's", async () => {
    const { f, createOne, authority } = await setUp();
    const { id } = await f.user({ username: "admin" });
    expect(await refusal(createOne())).toMatchObject({ reason: "USERNAME_TAKEN", fields: ["username"] });
    await expect(createOne({ userId: id, username: "other" })).rejects.toThrow("exists");
    expect(await authority(id)).toMatchObject({ permissions: [], instance: false });
  });

  test("refuses a name or a password that the policies refuse, and names the field", async () => {
    const { createOne } = await setUp();
    expect(await refusal(createOne({ username: "Ad min" }))).toMatchObject({ fields: ["username"] });
    expect(await refusal(createOne({ password: "short" }))).toMatchObject({ fields: ["password"] });
  });
});

test("authority: nobody else has any, nor the owner in another tenant, nor one who is disabled", async () => {
  const { f, createOne, authority } = await setUp();
  await createOne();
  const nothing = { permissions: [], instance: false };
  expect(await authority((await f.user({ username: "ana" })).id)).toMatchObject(nothing);
  expect(await authority("01JZZZZZZZZZZZZZZZZZZZZZZZ")).toMatchObject(nothing);
  expect(await authority(ownerId, "t2")).toMatchObject(nothing);
  await updateUser(f.dependencies)(
    create(UpdateUserRequestSchema, {
      userId: ownerId,
      user: { status: UserStatus.DISABLED },
      updateMask: { paths: ["status"] },
    }),
    f.context(),
  );
  expect(await authority(ownerId)).toMatchObject(nothing);
});
