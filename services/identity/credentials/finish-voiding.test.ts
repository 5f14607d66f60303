import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { UserSchema, UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { SetUserPasswordRequestSchema, UpdateUserRequestSchema } from "#gen/koder/identity/v1/user_service_pb.ts";
import { goodPassword, identityFixture, refusal } from "../identity-fixture.ts";
import { setUserPassword } from "../users/set-user-password.ts";
import { updateUser } from "../users/update-user.ts";
import { finishVoiding } from "./finish-voiding.ts";

const setUp = async () => {
  const f = await identityFixture();
  const { id } = await f.user({ username: "ana" });
  const update = (user: { status?: UserStatus; name?: string }, paths: string[]) =>
    updateUser(f.dependencies)(
      create(UpdateUserRequestSchema, { userId: id, user: create(UserSchema, user), updateMask: { paths } }),
      f.context(),
    );
  const setPassword = () =>
    setUserPassword(f.dependencies)(
      create(SetUserPasswordRequestSchema, { userId: id, password: goodPassword }),
      f.context(),
    );
  /** Gives every event until now to whoever finishes writes. */
  const finish = async () => {
    const finishWrite = finishVoiding(f.dependencies);
    for (const event of await f.events()) await finishWrite({ tenantId: "t1", event });
  };
  return { f, id, update, setPassword, finish };
};

describe("voiding what a crash left good", () => {
  test.each([
    [
      "disabled",
      ({ update }: Awaited<ReturnType<typeof setUp>>) => update({ status: UserStatus.DISABLED }, ["status"]),
    ],
    ["given a password", ({ setPassword }: Awaited<ReturnType<typeof setUp>>) => setPassword()],
  ])("a user who was %s while the session service was away is voided, once", async (_name, change) => {
    const set = await setUp();
    const { f, id, finish } = set;
    f.session.isAway = true;
    expect(await refusal(change(set))).toMatchObject({ reason: "UNAVAILABLE" });
    await expect(finish()).rejects.toThrow(/could not be ended/);
    expect(f.epochOf(id)).toBe(0n);
    f.session.isAway = false;
    await finish();
    expect(f.epochOf(id)).toBe(1n);
    await finish();
    expect(f.epochOf(id)).toBe(1n);
  });

  test("a change that was voided for already is not again, nor is one that voids nothing", async () => {
    const { f, id, update, setPassword, finish } = await setUp();
    await update({ name: "Ana" }, ["name"]);
    await update({ status: UserStatus.ACTIVE }, ["status"]);
    await finish();
    expect(f.epochOf(id)).toBe(0n);
    await update({ status: UserStatus.DISABLED }, ["status"]);
    await update({ status: UserStatus.ACTIVE, name: "Ana" }, ["status", "name"]);
    await setPassword();
    expect(f.epochOf(id)).toBe(2n);
    await finish();
    expect(f.epochOf(id)).toBe(2n);
  });

  test("a user who was disabled without voiding is voided also when they are active again by then", async () => {
    const { f, id, update, finish } = await setUp();
    f.session.isAway = true;
    await refusal(update({ status: UserStatus.DISABLED }, ["status"]));
    await update({ status: UserStatus.ACTIVE }, ["status"]);
    f.session.isAway = false;
    await finish();
    expect(f.epochOf(id)).toBe(1n);
  });
});
