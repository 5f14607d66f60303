import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test, vi } from "vitest";
import type { CreateSessionRequestSchema } from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import { GrantRefusal } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { GetSessionRequestSchema, ListSessionsRequestSchema } from "#gen/koder/session/v1/session_service_pb.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { sessionUses } from "../collections.ts";
import { granted, sessionFixture } from "../session-fixture.ts";
import { getSession } from "../sessions/get-session.ts";
import { listSessions } from "../sessions/list-sessions.ts";
import { endRunOutSessions } from "./end-run-out-sessions.ts";

const minute = 60_000;
const hour = 60 * minute;

async function fixture(idle: number | "unlimited" = hour) {
  const f = await sessionFixture();
  const data = f.store.tenant("t1");
  const commit = vi.spyOn(data, "commit");
  vi.spyOn(f.store, "tenant").mockReturnValue(data);
  const more: MessageInitShape<typeof CreateSessionRequestSchema> = {
    remoteAddress: "192.0.2.7",
    ...(idle === "unlimited" ? {} : { idleLifetime: durationFromMs(idle) }),
  };
  const { session, sessionToken } = await f.signIn(0n, "", f.userId, more);
  const id = session?.id ?? "";
  const step = endRunOutSessions(f.dependencies);
  return {
    ...f,
    id,
    sessionToken,
    more,
    data,
    /** Another process on the same store: it remembers nothing. */
    elsewhere: () => f.dependencies.recentUses.noted.clear(),
    /** Whether it is; by a code for an application it is used. */
    isLive: async (token = sessionToken, address?: string) => {
      const { session: live } = await f.resolve(token, address);
      if (live !== undefined) await f.codeOf(live.id, undefined, undefined, address);
      return live !== undefined;
    },
    shown: async () => {
      const request = create(GetSessionRequestSchema, { sessionId: id });
      return (await getSession(f.dependencies)(request, handlerContext())).session;
    },
    commits: () =>
      commit.mock.calls.filter(([writes]) => writes.some((one) => one.collection.name === sessionUses.name)).length,
    look: async () => {
      while ((await step()) === 0);
    },
    ends: async () =>
      (await f.store.system().outbox(0, 1_000)).flatMap(({ event: { payload, resourceId } }) =>
        payload.case === "sessionRevoked" ? [[resourceId, payload.value.reason]] : [],
      ),
    /** A refresh token that ends with the session. */
    online: async () => {
      const { outcome } = await f.codeOf(id, ["openid"]);
      const code = outcome.case === "code" ? outcome.value : "";
      return granted(await f.redeem(code, { refreshWithoutOfflineAccess: true }));
    },
  };
}

describe("a session that may go unused for an hour", () => {
  test("is over an hour after its last use, wherever it is looked for, and goes on while it is used", async () => {
    const f = await fixture();
    for (let time = 0; time < 6; time++) {
      f.advance(50 * minute);
      expect(await f.isLive()).toBe(true);
    }
    const { grant, refreshToken } = await f.online();
    f.advance(hour);
    expect(await f.isLive()).toBe(false);
    expect(await f.isGood(grant.id)).toBe(false);
    expect((await f.codeOf(f.id)).outcome.case).not.toBe("code");
    expect((await f.refresh(refreshToken)).outcome).toMatchObject({ case: "refusal", value: GrantRefusal.REVOKED });
    const listed = await listSessions(f.dependencies)(create(ListSessionsRequestSchema), handlerContext());
    expect(listed.sessions).toEqual([]);
  });

  test("is used by refreshing what ends with it, and not by what goes on without it", async () => {
    const f = await fixture();
    let { refreshToken } = await f.online();
    for (let time = 0; time < 4; time++) {
      f.advance(45 * minute);
      ({ refreshToken } = granted(await f.refresh(refreshToken)));
    }
    const { outcome } = await f.codeOf(f.id);
    const offline = granted(await f.redeem(outcome.case === "code" ? outcome.value : ""));
    f.advance(45 * minute);
    const later = granted(await f.refresh(offline.refreshToken));
    f.advance(20 * minute);
    expect(await f.isLive()).toBe(false);
    expect(granted(await f.refresh(later.refreshToken)).grant.id).toBe(offline.grant.id);
  });

  test("never goes on for longer, and ends a tenth too early at most, on whichever process it is used", async () => {
    const f = await fixture();
    f.advance(hour - 5 * minute);
    expect(await f.isLive()).toBe(true);
    f.advance(5 * minute - 1);
    f.elsewhere();
    expect(await f.isLive()).toBe(true); // a use that is not noted
    f.advance(hour - 5 * minute);
    expect(await f.isLive()).toBe(true);
    f.advance(hour - 1);
    f.elsewhere();
    expect((await f.shown())?.id).toBe(f.id);
    f.advance(1);
    expect(await f.isLive()).toBe(false);
  });

  test("begins anew with a sign-in, with what is asked for then", async () => {
    const f = await fixture();
    f.advance(50 * minute);
    const { sessionToken } = await f.signIn(0n, f.sessionToken, f.userId, { idleLifetime: durationFromMs(2 * hour) });
    f.advance(110 * minute);
    expect(await f.isLive(sessionToken)).toBe(true);
    const again = await f.signIn(0n, sessionToken, f.userId);
    f.advance(11 * hour);
    expect(await f.isLive(again.sessionToken)).toBe(true);
    await f.look();
    expect(await f.ends()).toEqual([]);
  });

  test("has its end told, once, as soon as somebody looks, and nothing of its use stays", async () => {
    const f = await fixture();
    f.advance(30 * minute);
    await f.isLive();
    f.advance(hour - 1);
    await f.look();
    expect(await f.ends()).toEqual([]);
    f.advance(2_000);
    await f.look();
    await f.look();
    expect(await f.ends()).toEqual([[f.id, "idle"]]);
    expect(await f.data.get(sessionUses, f.id)).toBeUndefined();
  });

  test("is not ended by whoever looks while it is used", async () => {
    const f = await fixture();
    f.advance(55 * minute);
    await f.isLive();
    f.advance(10 * minute);
    await f.look();
    expect(await f.ends()).toEqual([]);
    expect(await f.isLive()).toBe(true);
  });
});

describe("the last use", () => {
  test("is noted every five minutes at most, by each process, and costs nothing in between", async () => {
    const f = await fixture("unlimited");
    expect(f.commits()).toBe(0);
    const get = vi.spyOn(f.data, "get");
    const reads = () => get.mock.calls.filter(([collection]) => collection.name === sessionUses.name).length;
    for (let time = 0; time < 60; time++) {
      f.advance(10_000);
      await f.isLive();
    }
    expect([f.commits(), reads()]).toEqual([2, 2]);
    f.elsewhere();
    await f.isLive();
    expect([f.commits(), reads()]).toEqual([2, 3]);
  });

  test("is shown with where it was, coarsely; a client's refresh says when, not where", async () => {
    const f = await fixture("unlimited");
    const shown = async () => {
      const session = await f.shown();
      return [session?.place, session?.lastUseTime && timestampMs(session.lastUseTime)];
    };
    const began = f.dependencies.clock();
    expect(await shown()).toEqual(["192.0.2.0/24", began]);
    const { refreshToken } = await f.online();
    f.advance(10 * minute);
    await f.isLive(f.sessionToken, "2001:db8:1:2::3");
    expect(await shown()).toEqual(["2001:db8:1::/48", began + 10 * minute]);
    f.advance(10 * minute);
    await f.refresh(refreshToken);
    expect(await shown()).toEqual(["2001:db8:1::/48", began + 20 * minute]);
    const { sessions } = await listSessions(f.dependencies)(create(ListSessionsRequestSchema), handlerContext());
    expect(sessions.map(({ place }) => place)).toEqual(["2001:db8:1::/48"]);
  });

  test("of two requests at once is noted once, and neither fails", async () => {
    const f = await fixture();
    f.advance(30 * minute);
    expect(await Promise.all([f.isLive(), f.isLive()])).toEqual([true, true]);
    expect(f.commits()).toBeGreaterThan(0);
  });
});
