import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { UserStatus, type UserSchema } from "#gen/koder/identity/v1/user_pb.ts";
import { UpdateProfileRequestSchema } from "#gen/koder/identity/v1/user_service_pb.ts";
import { ActorType } from "#gen/koder/events/v1/event_pb.ts";
import { users } from "../collections.ts";
import { identityFixture, refusal } from "../identity-fixture.ts";
import { updateProfile } from "./update-profile.ts";

async function withProfile(status: UserStatus = UserStatus.ACTIVE) {
  const f = await identityFixture();
  const { id } = await f.user({
    username: "ana",
    email: "ana@example.com",
    name: "Ana",
    phoneNumber: "+5511999990000",
    phoneNumberVerified: true,
    status,
  });
  const caller = {
    kind: "user" as const,
    userId: id,
    clientId: "app",
    sessionId: "s1",
    scopes: new Set<string>(),
    permissions: new Set<string>(),
    instance: false,
    authTime: 0,
  };
  const update = async (user: MessageInitShape<typeof UserSchema>, ...paths: string[]) => {
    const request = create(UpdateProfileRequestSchema, { userId: "me", user, updateMask: { paths } });
    const context = f.context({ caller, actor: { id, type: ActorType.USER } });
    return (await updateProfile(f.dependencies)(request, context)).user;
  };
  return { f, id, update };
}

describe("a person's own profile", () => {
  test("changes as its mask says, and nothing else of it", async () => {
    const { f, id, update } = await withProfile();
    const changed = await update(
      { name: "Ana Bell", locale: "pt-BR", nickname: "not named", address: { locality: "Recife" } },
      "name",
      "locale",
      "address",
    );
    expect(changed).toMatchObject({ id, name: "Ana Bell", locale: "pt-BR", nickname: "", username: "ana" });
    expect(changed?.address).toMatchObject({ locality: "Recife" });
    expect(changed?.phoneNumberVerified).toBe(true);
    const event = (await f.events()).at(-1);
    expect(event).toMatchObject({
      resourceId: id,
      actor: { id },
      payload: { case: "userUpdated", value: { paths: ["name", "locale", "address"] } },
    });
  });

  test("a claim that is none is refused", async () => {
    const { update } = await withProfile();
    expect(await refusal(update({ birthdate: "2000-99-99" }, "birthdate"))).toMatchObject({
      reason: "INVALID_REQUEST",
      fields: ["user.birthdate"],
    });
  });

  test("A16: another telephone is not verified, the same one stays so", async () => {
    const { update } = await withProfile();
    expect((await update({ phoneNumber: "+5511999990000" }, "phone_number"))?.phoneNumberVerified).toBe(true);
    expect((await update({ phoneNumber: "+5511999990001" }, "phone_number"))?.phoneNumberVerified).toBe(false);
  });

  test.each([
    "username",
    "email",
    "email_verified",
    "phone_number_verified",
    "status",
    "password_change_required",
    "id",
  ])("A16: %s is no part of it, also beside what is", async (path) => {
    const { f, id, update } = await withProfile();
    const mine = { name: "Eve", username: "root", email: "eve@example.com", emailVerified: true };
    expect(await refusal(update(mine, "name", path))).toMatchObject({
      reason: "FIELD_NOT_WRITABLE",
      fields: [`user.${path}`],
    });
    expect((await f.data.get(users, id))?.record.name).toBe("Ana");
  });

  test("an etag that was read before must still be true", async () => {
    const { f, id, update } = await withProfile();
    const version = (await f.data.get(users, id))?.version ?? 0;
    await update({ name: "Ana B", etag: `v${version}` }, "name");
    expect(await refusal(update({ name: "Ana C", etag: `v${version}` }, "name"))).toMatchObject({
      reason: "ETAG_MISMATCH",
    });
  });

  test("A8: is not there for somebody who was disabled", async () => {
    const { update } = await withProfile(UserStatus.DISABLED);
    expect(await refusal(update({ name: "Ana B" }, "name"))).toMatchObject({ reason: "USER_NOT_FOUND" });
  });
});
