import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { ListSessionClientsRequestSchema } from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import { GrantRefusal } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { RevokeSessionRequestSchema } from "#gen/koder/session/v1/session_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import type { OutboxEntry } from "../../store/store.ts";
import { granted, sessionFixture } from "../session-fixture.ts";
import { revokeSession } from "../sessions/revoke-session.ts";
import { endSession } from "./end-session.ts";
import { finishEnds } from "./finish-ends.ts";
import { listSessionClients } from "./list-session-clients.ts";

const call = callOf(handlerContext());

async function fixture() {
  const f = await sessionFixture();
  const data = f.store.tenant("t1");
  const events = async (): Promise<readonly OutboxEntry[]> => f.store.system().outbox(0, 1_000);
  return {
    ...f,
    data,
    session: async () => (await f.signIn()).session?.id ?? "",
    grantIn: async (sessionId: string, scopes: string[], overrides: Record<string, unknown> = {}) => {
      const { outcome } = await f.codeOf(sessionId, scopes);
      return granted(await f.redeem(outcome.case === "code" ? outcome.value : "", overrides));
    },
    end: (sessionId: string) => endSession(data, call, f.dependencies.clock(), sessionId, "logout"),
    ends: async () =>
      (await events()).flatMap(({ event: { payload, resourceId } }) =>
        payload.case === "sessionRevoked" ? [[resourceId, payload.value.userId, payload.value.reason]] : [],
      ),
    /** What the reader of the log does with everything that has happened. */
    finish: async () => {
      for (const entry of await events()) await finishEnds(f.dependencies)(entry);
    },
    clientsOf: async (sessionId: string) => {
      const request = create(ListSessionClientsRequestSchema, { sessionId });
      return (await listSessionClients(f.dependencies)(request, handlerContext())).clientIds;
    },
  };
}

const offline = ["openid", "offline_access"];

describe("the end of a session", () => {
  test("ends what was given without offline access, and leaves the rest", async () => {
    const { session, grantIn, end, isGood, refresh, ends, userId } = await fixture();
    const id = await session();
    const [online, beyond] = [await grantIn(id, ["openid"]), await grantIn(id, offline)];
    expect(await end(id)).toBe(true);
    expect([await isGood(online.grant.id), await isGood(beyond.grant.id)]).toEqual([false, true]);
    granted(await refresh(beyond.refreshToken));
    expect(await ends()).toEqual([[id, userId, "logout"]]);
    expect(await end(id)).toBe(false);
  });

  test("ends what was given for offline use, too, where a logout is to end it", async () => {
    const { session, grantIn, end, isGood, refresh } = await fixture();
    const [id, other] = [await session(), await session()];
    const grants = await Promise.all([1, 2, 3].map(() => grantIn(id, offline, { endsAtLogout: true })));
    const kept = await grantIn(other, offline, { endsAtLogout: true });
    await end(id);
    for (const { grant, refreshToken } of grants) {
      expect(await isGood(grant.id)).toBe(false);
      expect((await refresh(refreshToken)).outcome).toEqual({ case: "refusal", value: GrantRefusal.REVOKED });
    }
    expect(await isGood(kept.grant.id)).toBe(true);
  });

  test("by many at once happens once", async () => {
    const { session, end, ends } = await fixture();
    const id = await session();
    const ended = await Promise.all(Array.from({ length: 10 }, () => end(id)));
    expect(ended.filter(Boolean)).toHaveLength(1);
    expect(await ends()).toHaveLength(1);
  });

  test("says why: an administrator, a new sign-in in the same browser, everything of its person void", async () => {
    const { dependencies, signIn, bump, userId, finish, ends, store } = await fixture();
    const [first, second, third] = [await signIn(), await signIn(), await signIn()];
    await revokeSession(dependencies)(
      create(RevokeSessionRequestSchema, { sessionId: first.session?.id ?? "" }),
      handlerContext(),
    );
    const { epoch } = await bump({ case: "userId", value: userId });
    const after = await signIn(epoch, second.sessionToken);
    await finish();
    await finish();
    expect(await ends()).toEqual([
      [first.session?.id, userId, "revoked"],
      [second.session?.id, userId, "replaced"],
      [third.session?.id, userId, "voided"],
    ]);
    expect(await endSession(store.tenant("t1"), call, dependencies.clock(), after.session?.id ?? "", "logout")).toBe(
      true,
    );
  });

  test("after a crash behind the session's own end, the log ends the grants that were to end with it", async () => {
    const { dependencies, data, session, grantIn, isGood, finish } = await fixture();
    const id = await session();
    const { grant } = await grantIn(id, offline, { endsAtLogout: true });
    let commits = 0;
    const dying = {
      ...data,
      commit: async (...change: Parameters<typeof data.commit>) => {
        if ((commits += 1) > 1) throw new Error("killed");
        return data.commit(...change);
      },
    };
    await expect(endSession(dying, call, dependencies.clock(), id, "logout")).rejects.toThrow("killed");
    expect(await isGood(grant.id)).toBe(true);
    await finish();
    expect(await isGood(grant.id)).toBe(false);
  });
});

describe("the clients of a session", () => {
  test("are those that redeemed a code in it, each once, and are known beyond its end", async () => {
    const { session, grantIn, end, clientsOf, clientId } = await fixture();
    const [id, other] = [await session(), await session()];
    await Promise.all([1, 2, 3, 4, 5].map(() => grantIn(id, ["openid"])));
    expect(await clientsOf(id)).toEqual([clientId]);
    expect(await clientsOf(other)).toEqual([]);
    await end(id);
    expect(await clientsOf(id)).toEqual([clientId]);
  });

  test("a code that is redeemed while the session ends gives nothing, or its client is known", async () => {
    for (let round = 0; round < 20; round++) {
      const { session, codeOf, redeem, end, clientsOf, clientId } = await fixture();
      const id = await session();
      const { outcome } = await codeOf(id, ["openid"]);
      const [redeemed] = await Promise.all([redeem(outcome.case === "code" ? outcome.value : ""), end(id)]);
      if (redeemed.outcome.case === "redeemed") expect(await clientsOf(id)).toEqual([clientId]);
      else expect(redeemed.outcome.value).toBe(GrantRefusal.REVOKED);
    }
  });
});
