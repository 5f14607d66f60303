import { expect, test } from "vitest";
import { create } from "@bufbuild/protobuf";
import { UserSchema } from "#gen/koder/identity/v1/user_pb.ts";
import { UpdateUserRequestSchema } from "#gen/koder/identity/v1/user_service_pb.ts";
import { identityFixture, refusal } from "../identity-fixture.ts";
import { updateUser } from "./update-user.ts";
import { usernameSkeleton } from "./username-skeleton.ts";

test.each([
  ["paypal", "paypa1"],
  ["corn", "com"],
  ["bob", "b0b"],
  ["l0rn", "1om"],
])("%s and %s look alike", (one, other) => {
  expect(usernameSkeleton(one)).toBe(usernameSkeleton(other));
});

test.each([
  ["mall", "mail"],
  ["vvv", "wv"],
  ["cloud", "doud"],
  ["bas", "ba5"],
  ["person1", "person11"],
])("%s and %s do not", (one, other) => {
  expect(usernameSkeleton(one)).not.toBe(usernameSkeleton(other));
});

test("a name that looks like another's is refused to whoever would take it, and free once that one has another", async () => {
  const f = await identityFixture();
  const { id } = await f.user({ username: "paypal" });
  const similar = { reason: "USERNAME_TOO_SIMILAR", fields: ["user.username"] };
  expect(await refusal(f.user({ username: "PayPa1" }))).toMatchObject(similar);
  expect(await refusal(f.user({ username: "paypal" }))).toMatchObject({ reason: "USERNAME_TAKEN" });
  const rename = (userId: string, username: string) =>
    updateUser(f.dependencies)(
      create(UpdateUserRequestSchema, {
        userId,
        user: create(UserSchema, { username }),
        updateMask: { paths: ["username"] },
      }),
      f.context(),
    );
  const other = await f.user({ username: "corn" });
  expect(await refusal(rename(other.id, "paypa1"))).toMatchObject(similar);
  await rename(id, "paypa1");
  await rename(id, "somebody");
  await rename(other.id, "paypal");
  await f.user({ username: "com" });
});
