import { randomUUID } from "node:crypto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { beforeEach, expect, test } from "vitest";
import { VerifyPersonalAccessTokenRequestSchema } from "#gen/koder/admin/v1/api_key_internal_pb.ts";
import type { PersonalAccessTokenSchema } from "#gen/koder/admin/v1/personal_access_token_pb.ts";
import {
  CreatePersonalAccessTokenRequestSchema,
  DeletePersonalAccessTokenRequestSchema,
  ListPersonalAccessTokensRequestSchema,
} from "#gen/koder/admin/v1/personal_access_token_service_pb.ts";
import { ActorType } from "#gen/koder/events/v1/event_pb.ts";
import type { Call } from "../../host/call.ts";
import { reasonOf } from "../../host/testing/refusal.ts";
import { adminFixture, otherTenantId, tenantId } from "../api-keys/admin-fixture.ts";
import { createPersonalAccessToken } from "./create-personal-access-token.ts";
import { deletePersonalAccessToken } from "./delete-personal-access-token.ts";
import { listPersonalAccessTokens } from "./list-personal-access-tokens.ts";
import { verifyPersonalAccessToken } from "./verify-personal-access-token.ts";

const [ana, bob] = ["01JANA00000000000000000000", "01JBXB00000000000000000000"] as const;
const signedIn = (userId: string, scopes: readonly string[], sessionId = "s"): Pick<Call, "caller" | "actor"> => ({
  caller: {
    kind: "user",
    userId,
    clientId: "console",
    firstParty: true,
    sessionId,
    scopes: new Set(scopes),
    permissions: new Set(),
    instance: false,
    authTime: 0,
  },
  actor: { id: userId, type: ActorType.USER },
});
const person = signedIn(ana, ["tokens.write", "users.read"]);
let f: Awaited<ReturnType<typeof adminFixture>>;
beforeEach(async () => {
  f = await adminFixture();
});

const made = async (
  token: MessageInitShape<typeof PersonalAccessTokenSchema>,
  caller: Partial<Call> = person,
  requestId = "",
) => {
  const asked = { userId: "me", personalAccessToken: token, requestId };
  const request = create(CreatePersonalAccessTokenRequestSchema, asked);
  const { personalAccessToken } = await createPersonalAccessToken(f.dependencies)(request, f.context(caller));
  if (personalAccessToken === undefined) throw new Error("no token was answered");
  return personalAccessToken;
};
const verified = (token: string) =>
  verifyPersonalAccessToken(f.dependencies)(create(VerifyPersonalAccessTokenRequestSchema, { token }), f.context());
const list = async (userId: string, overrides: Partial<Call> = person) => {
  const request = create(ListPersonalAccessTokensRequestSchema, { userId });
  return (await listPersonalAccessTokens(f.dependencies)(request, f.context(overrides))).personalAccessTokens;
};
const drop = (userId: string, personalAccessTokenId: string, overrides: Partial<Call> = person) =>
  deletePersonalAccessToken(f.dependencies)(
    create(DeletePersonalAccessTokenRequestSchema, { userId, personalAccessTokenId }),
    f.context(overrides),
  );

test("a token is shown once, and its owner's within its scopes until it expires or is deleted", async () => {
  const token = await made({ displayName: "backup", scopes: ["users.read"] });
  expect(token.token).toMatch(new RegExp(`^kpat_${tenantId}_[A-Za-z0-9_-]{43}$`));
  expect(await verified(token.token)).toMatchObject({ active: true, tenantId, userId: ana, scopes: ["users.read"] });
  expect((await list("me")).map(({ id, token: value }) => [id, value])).toEqual([[token.id, ""]]);
  f.advance(30 * 86_400_000);
  expect((await verified(token.token)).active).toBe(false);
  const other = await made({});
  await drop(ana, other.id);
  expect((await verified(other.token)).active).toBe(false);
  expect(JSON.stringify((await f.events()).map(({ event }) => event.payload))).not.toContain(token.token.slice(-20));
});

test("a repeat is answered as at first, also when the token has expired by then", async () => {
  const [asked, requestId] = [{ expireTime: timestampFromMs(f.dependencies.clock() + 1_000) }, randomUUID()];
  const token = await made(asked, person, requestId);
  f.advance(1_000);
  expect(await made(asked, person, requestId)).toEqual(token);
  expect(await reasonOf(made(asked))).toBe("PERSONAL_ACCESS_TOKEN_INVALID");
});

test("is called by one line that can be read", async () => {
  expect(await reasonOf(made({ displayName: "CI\nby Ana" }))).toBe("PERSONAL_ACCESS_TOKEN_INVALID");
  expect(await made({ displayName: "CI by Ana" })).toMatchObject({ displayName: "CI by Ana" });
});

test("A3: what voids everything of a person voids their tokens", async () => {
  const { token } = await made({});
  f.epochs.set(ana, 1n);
  expect((await verified(token)).active).toBe(false);
  expect((await verified((await made({})).token)).active).toBe(true);
});

test("it has no scope that the access token which makes it lacks, and none makes another", async () => {
  expect(await reasonOf(made({ scopes: ["users.write"] }))).toBe("PERMISSION_DENIED");
  expect(await reasonOf(made({ scopes: ["*"] }))).toBe("PERMISSION_DENIED");
  expect(await reasonOf(made({}, signedIn(ana, ["openid"])))).toBe("PERMISSION_DENIED");
  expect(await reasonOf(made({}, signedIn(ana, ["tokens.write"], "")))).toBe("PERMISSION_DENIED");
});

test("A14: only its owner's, and only in their tenant", async () => {
  const { id, token } = await made({});
  expect(await reasonOf(drop(bob, id))).toBe("PERSONAL_ACCESS_TOKEN_NOT_FOUND");
  expect(await reasonOf(drop(ana, id, { tenantId: otherTenantId }))).toBe("PERSONAL_ACCESS_TOKEN_NOT_FOUND");
  expect([await list(bob), await list(ana, { tenantId: otherTenantId })]).toEqual([[], []]);
  expect((await verified(token.replace(tenantId, otherTenantId))).active).toBe(false);
  expect((await verified(token)).active).toBe(true);
});

test.each([
  ["a value of its own", { token: "kpat_mine" }],
  ["an end that is past", { expireTime: timestampFromMs(1) }],
  ["an end that is far away", { expireTime: timestampFromMs(Date.UTC(2028, 0, 1)) }],
])("is refused with %s", async (_what, token) => {
  expect(await reasonOf(made(token))).toBe("PERSONAL_ACCESS_TOKEN_INVALID");
});

test("A30: nobody has keys made again for a tenant that is gone, by a token that names it", async () => {
  const id = "01JGANE0000000000000000000";
  const keysOf = await f.goneTenant(id);
  expect((await verified(`kpat_${id}_${"A".repeat(43)}`)).active).toBe(false);
  expect(await keysOf()).toEqual([]);
});
