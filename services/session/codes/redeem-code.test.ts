import { randomBytes } from "node:crypto";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { GrantRefusal } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { grants } from "../collections.ts";
import { granted, sessionFixture } from "../session-fixture.ts";

const refusal = (value: GrantRefusal) => ({ outcome: { case: "refusal", value } });

describe("redeeming a code", () => {
  test("gives the grant, its nonce once, and a refresh token where offline access was granted", async () => {
    const f = await sessionFixture();
    const { grant, refreshToken } = granted(await f.redeem(await f.code()));
    expect(grant).toMatchObject({ userId: f.userId, clientId: f.clientId, nonce: "n", acr: "1", amr: ["pwd"] });
    expect(refreshToken).toMatch(/^krt_[A-Za-z0-9_-]+$/);
    expect(granted(await f.refresh(refreshToken)).grant.nonce).toBe("");
    expect(granted(await f.redeem(await f.code(["openid"]))).refreshToken).toBe("");
    expect(granted(await f.redeem(await f.code(), { refreshTokenAllowed: false })).refreshToken).toBe("");
  });

  test("A9: client, redirect URI, verifier and tenant are bound, and a failed try does not spend the code", async () => {
    const f = await sessionFixture();
    const code = await f.code();
    expect(await f.redeem(code, { clientId: "other" })).toMatchObject(refusal(GrantRefusal.OTHER_CLIENT));
    expect(await f.redeem(code, { redirectUri: "https://chat.koder.dev/cb2" })).toMatchObject(
      refusal(GrantRefusal.REDIRECT_URI),
    );
    expect(await f.redeem(code, { codeVerifier: randomBytes(32).toString("base64url") })).toMatchObject(
      refusal(GrantRefusal.CODE_VERIFIER),
    );
    expect(await f.redeem(code, { codeVerifier: "" })).toMatchObject(refusal(GrantRefusal.CODE_VERIFIER));
    expect(await f.redeem(code, {}, "t2")).toMatchObject(refusal(GrantRefusal.UNKNOWN));
    granted(await f.redeem(code));
  });

  test("is good for 60 seconds", async () => {
    const f = await sessionFixture();
    const [early, late] = [await f.code(), await f.code()];
    f.advance(59_999);
    granted(await f.redeem(early));
    f.advance(1);
    expect(await f.redeem(late)).toMatchObject(refusal(GrantRefusal.UNKNOWN));
  });

  test("A9: a second use is refused and ends what the first one gave", async () => {
    const f = await sessionFixture();
    const code = await f.code();
    const { grant, refreshToken } = granted(await f.redeem(code));
    expect(await f.isGood(grant.id)).toBe(true);
    f.advance(120_000);
    expect(await f.redeem(code, { clientId: "other" })).toMatchObject(refusal(GrantRefusal.REUSED));
    expect(await f.isGood(grant.id)).toBe(false);
    expect(await f.refresh(refreshToken)).toMatchObject(refusal(GrantRefusal.REVOKED));
  });

  test("A9: of 50 uses at once one succeeds, and what it gave is over", async () => {
    const f = await sessionFixture();
    const code = await f.code();
    const answers = await Promise.all(Array.from({ length: 50 }, () => f.redeem(code)));
    const winners = answers.filter(({ outcome }) => outcome.case === "redeemed");
    expect(winners).toHaveLength(1);
    for (const winner of winners) expect(await f.isGood(granted(winner).grant.id)).toBe(false);
  });

  test("A3: a code dies with its session, its user's epoch and its client's", async () => {
    const f = await sessionFixture();
    const { session, sessionToken } = await f.signIn();
    const codes = await Promise.all([1, 2].map(() => f.codeOf(session?.id ?? "")));
    const [first, second] = codes.map(({ outcome }) => (outcome.case === "code" ? outcome.value : ""));
    await f.bump({ case: "clientId", value: f.clientId });
    expect(await f.redeem(first ?? "")).toMatchObject(refusal(GrantRefusal.REVOKED));
    await f.signIn(0n, sessionToken);
    expect(await f.redeem(second ?? "")).toMatchObject(refusal(GrantRefusal.REVOKED));
    const third = await f.code();
    await f.bump({ case: "userId", value: f.userId });
    expect(await f.redeem(third)).toMatchObject(refusal(GrantRefusal.REVOKED));
  });

  test("a session that is over gives no code, and one begun with an old epoch is over", async () => {
    const f = await sessionFixture();
    const { session } = await f.signIn();
    await f.bump({ case: "userId", value: f.userId });
    expect((await f.codeOf(session?.id ?? "")).outcome.case).toBe("sessionEnded");
    const { session: renewed } = await f.signIn(1n);
    expect((await f.codeOf(renewed?.id ?? "")).outcome.case).toBe("code");
    f.advance(f.dependencies.lifetimes.session);
    expect((await f.codeOf(renewed?.id ?? "")).outcome.case).toBe("sessionEnded");
  });

  test("what the request named comes with the grant, and a code bound to a key needs its proof", async () => {
    const f = await sessionFixture();
    const bound = { resources: ["https://api.example"], claims: '{"userinfo":{"name":null}}', dpopJkt: "k".repeat(43) };
    const code = await f.code(undefined, bound);
    for (const dpopJkt of ["", "x".repeat(43)]) {
      expect(await f.redeem(code, { dpopJkt })).toMatchObject(refusal(GrantRefusal.DPOP_KEY));
    }
    const { grant, refreshToken } = granted(await f.redeem(code, { dpopJkt: bound.dpopJkt, bindRefreshToken: true }));
    expect(grant).toMatchObject(bound);
    expect(await f.refresh(refreshToken)).toMatchObject(refusal(GrantRefusal.DPOP_KEY));
    const refreshed = granted(await f.refresh(refreshToken, { dpopJkt: bound.dpopJkt }));
    expect(refreshed.grant).toMatchObject(bound);
    // A confidential client's refresh tokens are bound to its authentication: its proofs may be of any key.
    const unbound = granted(await f.redeem(await f.code(), { dpopJkt: bound.dpopJkt }));
    granted(await f.refresh(unbound.refreshToken, { dpopJkt: "x".repeat(43) }));
  });

  test("A12: a family that began without a key is bound to that of the first proof, if its client says so", async () => {
    const f = await sessionFixture();
    const [jkt, other] = ["k".repeat(43), "x".repeat(43)];
    const { refreshToken } = granted(await f.redeem(await f.code(), {}));
    const bound = granted(await f.refresh(refreshToken, { dpopJkt: jkt, bindRefreshToken: true }));
    for (const dpopJkt of ["", other]) {
      // The token before it, within the overlap, as well.
      for (const token of [bound.refreshToken, refreshToken]) {
        expect(await f.refresh(token, { dpopJkt, bindRefreshToken: dpopJkt !== "" })).toMatchObject(
          refusal(GrantRefusal.DPOP_KEY),
        );
      }
    }
    granted(await f.refresh(bound.refreshToken, { dpopJkt: jkt, bindRefreshToken: true }));
  });

  test("a grant is not for offline use where its client may not have that any more", async () => {
    const f = await sessionFixture();
    const terms = { refreshWithoutOfflineAccess: true, offlineAccessWithheld: true };
    const { grant } = granted(await f.redeem(await f.code(["openid", "offline_access"]), terms));
    expect(await f.store.tenant("t1").get(grants, grant.id)).toMatchObject({ record: { offline: false } });
    const other = granted(await f.redeem(await f.code(), { ...terms, offlineAccessWithheld: false })).grant;
    expect(await f.store.tenant("t1").get(grants, other.id)).toMatchObject({ record: { offline: true } });
  });

  test("a grant that is not for offline use ends with its session, by its own row too", async () => {
    const f = await sessionFixture();
    const lifetime = durationFromMs(300_000);
    const { session } = await f.signIn(0n, "", undefined, { lifetime });
    const redeemed = async (scopes: string[]) => {
      const { outcome } = await f.codeOf(session?.id ?? "", scopes);
      return granted(await f.redeem(outcome.case === "code" ? outcome.value : "")).grant;
    };
    expect((await redeemed(["openid"])).expireTime).toEqual(session?.expireTime);
    const { expireTime, createTime } = await redeemed(["openid", "offline_access"]);
    expect(Number(expireTime?.seconds) - Number(createTime?.seconds)).toBe(30 * 86_400);
  });
});
