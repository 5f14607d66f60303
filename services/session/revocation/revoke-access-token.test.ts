import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import {
  CheckTokenRequestSchema,
  RevokeAccessTokenRequestSchema,
} from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { revokedTokens } from "../collections.ts";
import { sessionFixture } from "../session-fixture.ts";
import { checkToken } from "./check-token.ts";
import { revokeAccessToken } from "./revoke-access-token.ts";

const clientId = "service-account";

test("a client's own token is over for good, alone, in its tenant alone, and is forgotten after its time", async () => {
  const f = await sessionFixture();
  const isActive = async (jti: string, tenantId = "t1") =>
    (await checkToken(f.dependencies)(create(CheckTokenRequestSchema, { clientId, jti }), handlerContext({ tenantId })))
      .active;
  const expireTime = timestampFromMs(f.dependencies.clock() + 900_000);
  const revoke = () =>
    revokeAccessToken(f.dependencies)(
      create(RevokeAccessTokenRequestSchema, { jti: "one", clientId, expireTime }),
      handlerContext(),
    );
  expect(await isActive("one")).toBe(true);
  await Promise.all([revoke(), revoke()]);
  await revoke();
  expect([await isActive("one"), await isActive("two"), await isActive("one", "t2")]).toEqual([false, true, true]);
  const events = (await f.store.system().outbox(0, 10)).map(({ event }) => event.payload.case);
  expect(events.filter((name) => name === "accessTokenRevoked")).toHaveLength(1);
  f.advance(900_000);
  expect(await isActive("one")).toBe(false);
  f.advance(60_000);
  expect(await f.store.tenant("t1").get(revokedTokens, "one")).toBeUndefined();
});
