import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { GetUserRequestSchema } from "#gen/koder/identity/v1/user_service_pb.ts";
import type { Call } from "../../host/call.ts";
import { goodPassword, identityFixture, refusal } from "../identity-fixture.ts";
import { getUser } from "./get-user.ts";

test("answers a user by id, and the caller by `me`; others' and other tenants' are not there", async () => {
  const f = await identityFixture();
  const ana = await f.user({ username: "ana", password: goodPassword });
  const get = async (userId: string, overrides: Partial<Call> = {}) =>
    (await getUser(f.dependencies)(create(GetUserRequestSchema, { userId }), f.context(overrides))).user;
  const asAna: Partial<Call> = {
    caller: {
      kind: "user",
      userId: ana.id,
      clientId: "c",
      sessionId: "s",
      scopes: new Set(),
      permissions: new Set(),
      instance: false,
      authTime: 0,
    },
  };
  expect(await get(ana.id)).toEqual(ana);
  expect(await get("me", asAna)).toEqual(ana);
  expect((await get(ana.id))?.password).toBe("");
  expect(await refusal(get("me"))).toMatchObject({ reason: "USER_NOT_FOUND" });
  expect(await refusal(get("01JZZZZZZZZZZZZZZZZZZZZZZZ"))).toMatchObject({ reason: "USER_NOT_FOUND" });
  expect(await refusal(get(ana.id, { tenantId: "t2" }))).toMatchObject({ reason: "USER_NOT_FOUND" });
});
