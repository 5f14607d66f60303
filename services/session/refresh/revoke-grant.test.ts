import { describe, expect, test } from "vitest";
import { GrantRefusal } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { grants } from "../collections.ts";
import { granted, sessionFixture } from "../session-fixture.ts";

/** The same with another letter near its end. */
const forged = (token: string) => `${token.slice(0, -2)}${token.at(-2) === "A" ? "B" : "A"}${token.slice(-1)}`;
const family = async () => {
  const f = await sessionFixture();
  return { f, ...granted(await f.redeem(await f.code())) };
};
const ended = { outcome: { case: "ended" } };
const refusal = (value: GrantRefusal) => ({ outcome: { case: "refusal", value } });

describe("revoking a grant", () => {
  test("by its newest refresh token, by one that was replaced, and by its id: all of it is over", async () => {
    for (const by of ["newest", "replaced", "id"] as const) {
      const { f, grant, refreshToken } = await family();
      const successor = granted(await f.refresh(refreshToken)).refreshToken;
      const token = by === "newest" ? successor : refreshToken;
      const named = by === "id" ? { case: "grantId", value: grant.id } : { case: "refreshToken", value: token };
      expect(await f.revoke(named as Parameters<typeof f.revoke>[0])).toMatchObject(ended);
      expect(await f.isGood(grant.id)).toBe(false);
      expect(await f.refresh(successor)).toMatchObject(refusal(GrantRefusal.REVOKED));
      const { items } = await f.store.tenant("t1").page(grants, { index: "id", limit: 2 });
      expect(items.map(({ record }) => record.endReason)).toEqual(["client"]);
    }
  });

  test("a repeat changes nothing and says the same", async () => {
    const { f, grant } = await family();
    const by = { case: "grantId", value: grant.id } as const;
    expect(await f.revoke(by)).toMatchObject(ended);
    const before = await f.store.system().outbox(0, 1000);
    expect(await f.revoke(by)).toMatchObject(ended);
    expect(await f.store.system().outbox(0, 1000)).toHaveLength(before.length);
  });

  test("another client's grant is left as it is, and what is none of the tenant's is unknown", async () => {
    const { f, grant, refreshToken } = await family();
    const byToken = { case: "refreshToken", value: refreshToken } as const;
    expect(await f.revoke(byToken, "other")).toMatchObject(refusal(GrantRefusal.OTHER_CLIENT));
    expect(await f.revoke({ case: "grantId", value: grant.id }, "other")).toMatchObject(
      refusal(GrantRefusal.OTHER_CLIENT),
    );
    expect(await f.revoke(byToken, f.clientId, "t2")).toMatchObject(refusal(GrantRefusal.UNKNOWN));
    expect(await f.revoke({ case: "grantId", value: grant.id }, f.clientId, "t2")).toMatchObject(
      refusal(GrantRefusal.UNKNOWN),
    );
    const unknown = { case: "refreshToken", value: forged(refreshToken) } as const;
    expect(await f.revoke(unknown)).toMatchObject(refusal(GrantRefusal.UNKNOWN));
    expect(await f.isGood(grant.id)).toBe(true);
  });

  test("refreshes at the same moment cannot save it", async () => {
    const { f, grant, refreshToken } = await family();
    const refreshing = Promise.all(Array.from({ length: 10 }, () => f.refresh(refreshToken)));
    await f.revoke({ case: "grantId", value: grant.id });
    for (const { outcome } of await refreshing) {
      if (outcome.case !== "refreshed") continue;
      expect(await f.refresh(outcome.value.refreshToken)).toMatchObject(refusal(GrantRefusal.REVOKED));
    }
    expect(await f.isGood(grant.id)).toBe(false);
  });
});
