import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { GrantRefusal } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { RevokeUserSessionsRequestSchema } from "#gen/koder/session/v1/session_service_pb.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { granted, sessionFixture } from "../session-fixture.ts";
import { revokeUserSessions } from "./revoke-user-sessions.ts";

test("A3: a person who signs out everywhere has nothing left, and begins anew", async () => {
  const f = await sessionFixture();
  const revoke = (userId: string) =>
    revokeUserSessions(f.dependencies)(create(RevokeUserSessionsRequestSchema, { userId }), handlerContext());
  const { session } = await f.signIn();
  const offline = granted(await f.redeem(await f.code()));
  const waiting = await f.code();
  await revoke("01JANYBODY0000000000000000");
  expect(await f.isGood(offline.grant.id)).toBe(true);

  await revoke(f.userId);
  expect(await f.isGood(offline.grant.id)).toBe(false);
  const revoked = { outcome: { case: "refusal", value: GrantRefusal.REVOKED } };
  expect(await f.refresh(offline.refreshToken)).toMatchObject(revoked);
  expect(await f.redeem(waiting)).toMatchObject(revoked);
  expect((await f.codeOf(session?.id ?? "")).outcome.case).toBe("sessionEnded");

  const again = await f.signIn(1n);
  expect((await f.codeOf(again.session?.id ?? "")).outcome.case).toBe("code");
});
