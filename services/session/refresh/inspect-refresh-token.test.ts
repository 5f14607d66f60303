import { timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { granted, sessionFixture } from "../session-fixture.ts";

const day = 86_400_000;
/** The same with another letter near its end. */
const forged = (token: string) => `${token.slice(0, -2)}${token.at(-2) === "A" ? "B" : "A"}${token.slice(-1)}`;
const family = async () => {
  const f = await sessionFixture();
  return { f, ...granted(await f.redeem(await f.code(["openid", "email", "offline_access"]))) };
};
const isGood = async (f: Awaited<ReturnType<typeof sessionFixture>>, token: string) =>
  (await f.inspect(token)).grant !== undefined;

describe("looking at a refresh token", () => {
  test("says of which grant it is, and until when it is good without use", async () => {
    const { f, grant, refreshToken } = await family();
    const { grant: seen, expireTime } = await f.inspect(refreshToken);
    expect(seen).toMatchObject({ id: grant.id, clientId: f.clientId, userId: f.userId, scopes: grant.scopes });
    expect(seen?.nonce).toBe("");
    const given = grant.createTime ? timestampMs(grant.createTime) : 0;
    expect(expireTime && timestampMs(expireTime)).toBe(given + 14 * day);
    f.advance(13 * day);
    const second = granted(await f.refresh(refreshToken)).refreshToken;
    f.advance(13 * day);
    const third = granted(await f.refresh(second)).refreshToken;
    const last = await f.inspect(third);
    expect(last.expireTime && timestampMs(last.expireTime)).toBe(given + 30 * day);
  });

  test("neither uses it nor ends anything, also where it is a replay", async () => {
    const { f, refreshToken } = await family();
    const successor = granted(await f.refresh(refreshToken)).refreshToken;
    f.advance(60_000);
    expect(await isGood(f, refreshToken)).toBe(false);
    expect(await isGood(f, successor)).toBe(true);
    expect(await isGood(f, successor)).toBe(true);
    granted(await f.refresh(successor));
  });

  test("an idle one, one of an ended grant, of another tenant and a forged one are not good", async () => {
    const { f, grant, refreshToken } = await family();
    expect(await isGood(f, forged(refreshToken))).toBe(false);
    expect((await f.inspect(refreshToken, "t2")).grant).toBeUndefined();
    await f.revoke({ case: "grantId", value: grant.id });
    expect(await isGood(f, refreshToken)).toBe(false);
    const idle = await family();
    idle.f.advance(14 * day);
    expect(await isGood(idle.f, idle.refreshToken)).toBe(true);
    idle.f.advance(1);
    expect(await isGood(idle.f, idle.refreshToken)).toBe(false);
  });
});
