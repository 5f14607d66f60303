import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { GetClaimsRequestSchema } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { goodPassword, identityFixture, refusal } from "../identity-fixture.ts";
import { getClaims } from "./get-claims.ts";

test("answers the claims of a user of the tenant, and no password", async () => {
  const f = await identityFixture();
  const ana = await f.user({ username: "ana", name: "Ana", password: goodPassword });
  const claims = async (userId: string, tenantId = "t1") =>
    (await getClaims(f.dependencies)(create(GetClaimsRequestSchema, { userId }), f.context({ tenantId }))).user;
  expect(await claims(ana.id)).toEqual(ana);
  expect((await claims(ana.id))?.password).toBe("");
  expect(await refusal(claims(ana.id, "t2"))).toMatchObject({ reason: "USER_NOT_FOUND" });
});
