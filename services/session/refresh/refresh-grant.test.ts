import { timestampMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GrantRefusal } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { replace } from "../../store/writes.ts";
import { grants } from "../collections.ts";
import { granted, sessionFixture } from "../session-fixture.ts";
import { callOf } from "../../host/call.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { endSession } from "../browser-sessions/end-session.ts";

const hour = 3_600_000;
const refusal = (value: GrantRefusal) => ({ outcome: { case: "refusal", value } });
const family = async () => {
  const f = await sessionFixture();
  const { grant, refreshToken } = granted(await f.redeem(await f.code(["openid", "profile", "offline_access"])));
  return { f, grant, refreshToken };
};

describe("refreshing", () => {
  test("gives a successor at each use, on one row", async () => {
    const { f, grant, refreshToken } = await family();
    let token = refreshToken;
    const seen = new Set([token]);
    for (let i = 0; i < 20; i++) {
      f.advance(1_000);
      token = granted(await f.refresh(token)).refreshToken;
      seen.add(token);
    }
    expect(seen.size).toBe(21);
    const page = await f.store.tenant("t1").page(grants, { index: "id", limit: 10 });
    expect(page.items.map(({ record }) => [record.id, record.generation])).toEqual([[grant.id, 21n]]);
  });

  test("A28: honest retries inside the overlap get the same successor, also 50 at once", async () => {
    const { f, refreshToken } = await family();
    const answers = await Promise.all(Array.from({ length: 50 }, () => f.refresh(refreshToken)));
    expect(new Set(answers.map((answer) => granted(answer).refreshToken)).size).toBe(1);
    f.advance(10_000);
    const retried = granted(await f.refresh(refreshToken)).refreshToken;
    expect(retried).toBe(granted(answers[0] ?? (await f.refresh(""))).refreshToken);
  });

  test("A28: a replay outside the overlap ends the family", async () => {
    const { f, grant, refreshToken } = await family();
    const successor = granted(await f.refresh(refreshToken)).refreshToken;
    f.advance(10_001);
    expect(await f.refresh(refreshToken)).toMatchObject(refusal(GrantRefusal.REUSED));
    expect(await f.isGood(grant.id)).toBe(false);
    expect(await f.refresh(successor)).toMatchObject(refusal(GrantRefusal.REVOKED));
  });

  test("A28: a replay of a token whose successor was used ends the family, inside the overlap too", async () => {
    const { f, grant, refreshToken } = await family();
    const second = granted(await f.refresh(refreshToken)).refreshToken;
    granted(await f.refresh(second));
    expect(await f.refresh(refreshToken)).toMatchObject(refusal(GrantRefusal.REUSED));
    expect(await f.isGood(grant.id)).toBe(false);
  });

  test("another client's token is refused and left as it is", async () => {
    const { f, refreshToken } = await family();
    expect(await f.refresh(refreshToken, { clientId: "other" })).toMatchObject(refusal(GrantRefusal.OTHER_CLIENT));
    granted(await f.refresh(refreshToken));
  });

  test("A11: narrower scopes pass, wider ones are named and rotate nothing", async () => {
    const { f, refreshToken } = await family();
    expect(await f.refresh(refreshToken, { scopes: ["openid", "email"] })).toMatchObject({
      outcome: { case: "scopeNotGranted", value: "email" },
    });
    granted(await f.refresh(refreshToken, { scopes: ["openid"] }));
  });

  test("A11: what is left of a client's scopes counts, and a refusal rotates nothing", async () => {
    const { f, refreshToken } = await family();
    for (const asked of [
      { clientScopes: ["email"] },
      { scopes: ["profile"], clientScopes: ["openid", "offline_access"] },
      { clientScopes: ["openid", "profile"] },
    ]) {
      expect(await f.refresh(refreshToken, asked)).toMatchObject(refusal(GrantRefusal.SCOPE));
    }
    f.advance(11_000);
    granted(await f.refresh(refreshToken, { clientScopes: ["openid", "offline_access"] }));
  });

  test("a client that knows people by other names by now refreshes nothing that was given before, and uses nothing up", async () => {
    const f = await sessionFixture();
    const { refreshToken } = granted(await f.redeem(await f.code(), { subjectSector: "*" }));
    const [before, now] = [{ subjectSector: "*" }, { subjectSector: "app.example" }];
    expect(await f.refresh(refreshToken, now)).toMatchObject(refusal(GrantRefusal.SUBJECT));
    const isGood = async (clientNow: typeof now) =>
      (await f.inspect(refreshToken, "t1", clientNow)).grant !== undefined;
    expect([await isGood(now), await isGood(before)]).toEqual([false, true]);
    f.advance(11_000);
    const next = granted(await f.refresh(refreshToken, before)).refreshToken;
    granted(await f.refresh(next));
    f.advance(11_000);
    expect(await f.refresh(refreshToken, now)).toMatchObject(refusal(GrantRefusal.REUSED));
  });

  test("ends after 14 days without use, and after 30 days in any case", async () => {
    const { f, refreshToken } = await family();
    f.advance(14 * 86_400_000);
    const second = granted(await f.refresh(refreshToken)).refreshToken;
    f.advance(14 * 86_400_000);
    const third = granted(await f.refresh(second)).refreshToken;
    f.advance(2 * 86_400_000);
    expect(await f.refresh(third)).toMatchObject(refusal(GrantRefusal.UNKNOWN));
    const idle = await family();
    idle.f.advance(14 * 86_400_000 + 1);
    expect(await idle.f.refresh(idle.refreshToken)).toMatchObject(refusal(GrantRefusal.IDLE));
    expect(await idle.f.isGood(idle.grant.id)).toBe(false);
  });

  test("A28: the overlap is the client's setting; with none, a retry is a replay at the same moment too", async () => {
    const none = { refreshPolicy: { overlapMs: 0n } };
    const { f, refreshToken } = await family();
    granted(await f.refresh(refreshToken, none));
    expect(await f.refresh(refreshToken, none)).toMatchObject(refusal(GrantRefusal.REUSED));
    const longer = { refreshPolicy: { overlapMs: 60_000n } };
    const other = await family();
    const successor = granted(await other.f.refresh(other.refreshToken, longer)).refreshToken;
    other.f.advance(60_000);
    expect(granted(await other.f.refresh(other.refreshToken, longer)).refreshToken).toBe(successor);
    other.f.advance(1);
    expect(await other.f.refresh(other.refreshToken, longer)).toMatchObject(refusal(GrantRefusal.REUSED));
  });

  test("limits are the client's settings, and one made shorter counts for what was given before", async () => {
    const hours = (idle: number, absolute: number) => ({
      refreshPolicy: { idleLifetimeMs: BigInt(idle * hour), absoluteLifetimeMs: BigInt(absolute * hour) },
    });
    const f = await sessionFixture();
    const { grant, refreshToken } = granted(await f.redeem(await f.code(), hours(2, 8)));
    const begun = f.dependencies.clock();
    expect(grant.expireTime && timestampMs(grant.expireTime)).toBe(begun + 8 * hour);
    const { expireTime } = await f.inspect(refreshToken);
    expect(expireTime && timestampMs(expireTime)).toBe(begun + 2 * hour);
    f.advance(2 * hour);
    const second = granted(await f.refresh(refreshToken, hours(3, 8))).refreshToken;
    f.advance(3 * hour);
    // Longer ones count from now on, but the family ends when it was to.
    const third = granted(await f.refresh(second, hours(9, 90)));
    expect(third.grant.expireTime && timestampMs(third.grant.expireTime)).toBe(begun + 8 * hour);
    const shortened = granted(await f.refresh(third.refreshToken, hours(9, 6)));
    expect(shortened.grant.expireTime && timestampMs(shortened.grant.expireTime)).toBe(begun + 6 * hour);
    expect(await f.refresh(shortened.refreshToken, hours(9, 5))).toMatchObject(refusal(GrantRefusal.UNKNOWN));
    expect(await f.isGood(grant.id)).toBe(false);
    const idle = await family();
    idle.f.advance(hour + 1);
    expect(await idle.f.refresh(idle.refreshToken, hours(1, 8))).toMatchObject(refusal(GrantRefusal.IDLE));
  });

  test("A3: an online family ends with its session, and no later than it", async () => {
    const online = { refreshWithoutOfflineAccess: true };
    const f = await sessionFixture();
    const { session, sessionToken } = await f.signIn();
    const code = await f.codeOf(session?.id ?? "", ["openid"]);
    const { grant, refreshToken } = granted(
      await f.redeem(code.outcome.case === "code" ? code.outcome.value : "", online),
    );
    expect(grant.offline).toBe(false);
    expect(grant.expireTime).toEqual(session?.expireTime);
    f.advance(hour);
    const second = granted(await f.refresh(refreshToken)).refreshToken;
    expect((await f.inspect(second)).expireTime).toEqual(session?.expireTime);
    await f.signIn(0n, sessionToken);
    expect(await f.isGood(grant.id)).toBe(true);
    await endSession(f.store.tenant("t1"), callOf(handlerContext()), f.dependencies.clock(), grant.sessionId, "logout");
    expect(await f.isGood(grant.id)).toBe(false);
    expect((await f.inspect(second)).grant).toBeUndefined();
    expect(await f.refresh(second)).toMatchObject(refusal(GrantRefusal.REVOKED));
    // Offline access is what it is, whatever the setting says.
    expect(granted(await f.redeem(await f.code(), online)).grant.offline).toBe(true);
    const notAllowed = { ...online, refreshTokenAllowed: false };
    expect(granted(await f.redeem(await f.code(["openid"]), notAllowed)).refreshToken).toBe("");
  });

  test("A3: a bumped epoch of user or client ends it", async () => {
    for (const subject of ["userId", "clientId"] as const) {
      const { f, grant, refreshToken } = await family();
      await f.bump({ case: subject, value: subject === "userId" ? f.userId : f.clientId });
      expect(await f.isGood(grant.id)).toBe(false);
      expect(await f.refresh(refreshToken)).toMatchObject(refusal(GrantRefusal.REVOKED));
    }
  });

  test("A31: a row restored from a backup is ended by the token that is ahead of it, or beside it", async () => {
    const ahead = await family();
    const data = ahead.f.store.tenant("t1");
    const backup = await data.get(grants, ahead.grant.id);
    const current = granted(await ahead.f.refresh(ahead.refreshToken)).refreshToken;
    const restore = async () => {
      const now = await data.get(grants, ahead.grant.id);
      if (backup === undefined || now === undefined) throw new Error("the grant is gone");
      const event = (await ahead.f.store.system().outbox(0, 1))[0]?.event;
      await data.commit([replace(grants, backup.record, now.version)], event === undefined ? [] : [event]);
    };
    await restore();
    expect(await ahead.f.refresh(current)).toMatchObject(refusal(GrantRefusal.AHEAD));
    expect(await ahead.f.isGood(ahead.grant.id)).toBe(false);
    await restore();
    granted(await ahead.f.refresh(ahead.refreshToken));
    expect(await ahead.f.refresh(current)).toMatchObject(refusal(GrantRefusal.AHEAD));
  });

  test("what a newer version keeps in the row survives a refresh, and its end", async () => {
    const { f, grant, refreshToken } = await family();
    const data = f.store.tenant("t1");
    const unknown = [{ no: 1_000, wireType: 2, data: Uint8Array.of(1, 65) }];
    const row = async () => (await data.get(grants, grant.id)) ?? Promise.reject(new Error("the grant is gone"));
    const { record, version } = await row();
    const [event] = await f.store.system().outbox(0, 1);
    await data.commit([replace(grants, { ...record, $unknown: unknown }, version)], event ? [event.event] : []);
    granted(await f.refresh(refreshToken));
    expect((await row()).record.$unknown).toMatchObject([{ no: 1_000 }]);
    await f.revoke({ case: "grantId", value: grant.id });
    expect((await row()).record).toMatchObject({ endReason: "client", $unknown: [{ no: 1_000 }] });
  });

  test("a forged or altered token is refused without a look at the store", async () => {
    const { f, refreshToken } = await family();
    await f.store.close();
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const bytes = Buffer.from(refreshToken.slice(4), "base64url");
        const index = at % bytes.length;
        bytes.writeUInt8(bytes.readUInt8(index) ^ flip, index);
        expect(await f.refresh(`krt_${bytes.toString("base64url")}`)).toMatchObject(refusal(GrantRefusal.UNKNOWN));
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        for (const token of [text, `krt_${text}`, `${refreshToken}${text === "" ? "=" : text}`]) {
          expect(await f.refresh(token)).toMatchObject(refusal(GrantRefusal.UNKNOWN));
        }
      }),
    );
    expect(await f.refresh(refreshToken, {}, "t2").catch(() => refusal(GrantRefusal.UNKNOWN))).toMatchObject(
      refusal(GrantRefusal.UNKNOWN),
    );
  });
});
