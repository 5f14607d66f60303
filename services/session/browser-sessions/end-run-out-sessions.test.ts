import { expect, test } from "vitest";
import { granted, sessionFixture } from "../session-fixture.ts";
import { clientsOf } from "./session-clients.ts";
import { endRunOutSessions } from "./end-run-out-sessions.ts";

const person = (at: number) => `01JPERSN0000000000000000${String(at).padStart(2, "0")}`;

async function fixture() {
  const f = await sessionFixture();
  const step = endRunOutSessions(f.dependencies);
  const ends = async () =>
    (await f.store.system().outbox(0, 1_000)).flatMap(({ tenantId, event: { payload, resourceId } }) =>
      payload.case === "sessionRevoked" ? [[tenantId, resourceId, payload.value.userId, payload.value.reason]] : [],
    );
  return {
    ...f,
    advance: (milliseconds: number) => f.advance(milliseconds),
    length: f.dependencies.lifetimes.session,
    ends,
    /** Everything that is due at this moment. */
    look: async () => {
      while ((await step()) === 0);
    },
  };
}

test("a session whose time has come ends with an event, once, and its clients are known to whoever tells them", async () => {
  const { signIn, codeOf, redeem, isGood, advance, look, ends, store, length, clientId, userId } = await fixture();
  const { session } = await signIn();
  const id = session?.id ?? "";
  advance(length - 600_000);
  const codes = [await codeOf(id, ["openid"]), await codeOf(id)];
  const [online, offline] = await Promise.all(
    codes.map(async ({ outcome }) =>
      granted(await redeem(outcome.case === "code" ? outcome.value : "", { endsAtLogout: true })),
    ),
  );
  advance(599_999);
  await look();
  expect(await ends()).toEqual([]);
  expect(await isGood(online?.grant.id ?? "")).toBe(true);
  advance(1);
  // From its time on, whether or not anybody has looked.
  expect([await isGood(online?.grant.id ?? ""), await isGood(offline?.grant.id ?? "")]).toEqual([false, true]);
  advance(2_000);
  await look();
  await look();
  expect(await ends()).toEqual([["t1", id, userId, "expired"]]);
  expect(await clientsOf(store.tenant("t1"), id)).toEqual([clientId]);
  // That its time has come is no logout.
  expect(await isGood(offline?.grant.id ?? "")).toBe(true);
});

test("of hundreds each has its event, and one that was renewed goes on until its new time", async () => {
  const { signIn, resolve, advance, look, ends, length } = await fixture();
  const begun = [];
  for (let at = 0; at < 230; at += 1) begun.push(await signIn(0n, "", person(at % 90)));
  advance(60_000);
  const renewed = await signIn(0n, begun[7]?.sessionToken, person(7));
  advance(length - 58_000);
  await look();
  const ended = (await ends()).map(([, id]) => id);
  expect(new Set(ended)).toEqual(new Set(begun.flatMap(({ session }, at) => (at === 7 ? [] : [session?.id ?? ""]))));
  expect(ended).toHaveLength(229);
  expect((await resolve(renewed.sessionToken)).session?.id).toBe(renewed.session?.id);
  advance(60_000);
  await look();
  expect((await ends()).at(-1)).toEqual(["t1", renewed.session?.id, person(7), "expired"]);
});

test("nobody who looked when there was none misses the next one", async () => {
  const { signIn, advance, look, ends, length } = await fixture();
  for (const round of [1, 2, 3]) {
    await signIn();
    advance(length + 2_000);
    await look();
    expect(await ends()).toHaveLength(round);
    advance(3 * length);
    await look();
  }
});

test("a tenant whose sessions cannot be ended is left for a minute, and holds nobody else up", async () => {
  const { dependencies, signIn, advance, ends, length } = await fixture();
  await signIn();
  await dependencies.sessionSchedule.lookBy("t0", dependencies.clock());
  const faults: string[] = [];
  const store = {
    ...dependencies.store,
    tenant: (tenantId: string) => {
      if (tenantId === "t0") throw new Error("away");
      return dependencies.store.tenant(tenantId);
    },
  };
  const step = endRunOutSessions({
    ...dependencies,
    store,
    onSessionFault: (_error, tenantId) => faults.push(tenantId),
  });
  advance(length + 2_000);
  while ((await step()) === 0);
  expect(await ends()).toHaveLength(1);
  expect(faults).toEqual(["t0"]);
});
