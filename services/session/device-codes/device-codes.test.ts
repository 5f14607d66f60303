import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { DeviceCodeRefusal, DeviceDecisionOutcome } from "#gen/koder/session/v1/device_code_internal_pb.ts";
import { RevokeSessionRequestSchema } from "#gen/koder/session/v1/session_service_pb.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { deviceCodes } from "../collections.ts";
import { granted } from "../session-fixture.ts";
import { revokeSession } from "../sessions/revoke-session.ts";
import { deviceFixture } from "./device-fixture.ts";

const refusal = (value: DeviceCodeRefusal) => ({ outcome: { case: "refusal", value } });

describe("a device code", () => {
  test("gives nothing until its person has allowed it, and then a grant of their session", async () => {
    const f = await deviceFixture();
    const { deviceCode, userCode, lifetime, interval } = await f.issue();
    expect(deviceCode).toMatch(/^kdc_[A-Za-z0-9_-]{43}$/);
    expect([userCode, lifetime?.seconds, interval?.seconds]).toEqual([expect.stringMatching(/^.{4}-.{4}$/), 600n, 5n]);
    expect(await f.redeemDevice(deviceCode)).toMatchObject(refusal(DeviceCodeRefusal.PENDING));
    const device = await f.find(userCode.toLowerCase());
    expect(device).toMatchObject({ clientId: f.clientId, scopes: ["openid", "offline_access"], userCode });
    const id = device?.deviceCodeId ?? "";
    expect(await f.get(id)).toEqual(device);
    const session = await f.sessionId();
    expect(await f.decide(id, session)).toBe(DeviceDecisionOutcome.DECIDED);
    const { grant, refreshToken } = granted(await f.redeemDevice(deviceCode));
    expect(grant).toMatchObject({ userId: f.userId, clientId: f.clientId, sessionId: session, acr: "1", nonce: "" });
    expect(granted(await f.refresh(refreshToken)).grant.id).toBe(grant.id);
    expect(await f.isGood(grant.id)).toBe(true);
  });

  test("is denied once and for all", async () => {
    const f = await deviceFixture();
    const denied = await f.decided(false);
    for (let i = 0; i < 2; i++) {
      expect(await f.redeemDevice(denied)).toMatchObject(refusal(DeviceCodeRefusal.DENIED));
    }
  });

  test("is decided once, by one person; the same form sent again changes nothing", async () => {
    const f = await deviceFixture();
    const { userCode } = await f.issue();
    const id = (await f.find(userCode))?.deviceCodeId ?? "";
    const [one, other] = [await f.sessionId(), await f.sessionId()];
    expect(await f.decide(id, one)).toBe(DeviceDecisionOutcome.DECIDED);
    expect(await f.decide(id, one)).toBe(DeviceDecisionOutcome.DECIDED);
    expect(await f.decide(id, one, false)).toBe(DeviceDecisionOutcome.GONE);
    expect(await f.decide(id, other)).toBe(DeviceDecisionOutcome.GONE);
    expect([await f.find(userCode), await f.get(id)]).toEqual([undefined, undefined]);
  });

  test("is decided by whom of many comes first", async () => {
    const f = await deviceFixture();
    const { userCode } = await f.issue();
    const id = (await f.find(userCode))?.deviceCodeId ?? "";
    const sessions = await Promise.all(Array.from({ length: 10 }, () => f.sessionId()));
    const outcomes = await Promise.all(sessions.map((session, index) => f.decide(id, session, index % 2 === 0)));
    expect(outcomes.filter((outcome) => outcome === DeviceDecisionOutcome.DECIDED)).toHaveLength(1);
  });

  test("A9: is bound to client and tenant; whoever is refused spends nothing", async () => {
    const f = await deviceFixture();
    const code = await f.decided();
    expect(await f.redeemDevice(code, { clientId: "other" })).toMatchObject(refusal(DeviceCodeRefusal.OTHER_CLIENT));
    expect(await f.redeemDevice(code, {}, "t2")).toMatchObject(refusal(DeviceCodeRefusal.UNKNOWN));
    for (const none of ["", "kdc_", `${code}x`]) {
      expect(await f.redeemDevice(none)).toMatchObject(refusal(DeviceCodeRefusal.UNKNOWN));
    }
    granted(await f.redeemDevice(code));
  });

  test("A11: gives tokens for the resources that it was asked for, and a try for another, or of a client that has none, spends nothing", async () => {
    const f = await deviceFixture();
    const [orders, issuer] = ["https://orders.example.com", "https://id.example.com"];
    const code = await f.decided(true, [orders]);
    for (const resource of ["https://other.example.com", issuer]) {
      expect(await f.redeemDevice(code, { resource, issuer })).toMatchObject(refusal(DeviceCodeRefusal.RESOURCE));
    }
    const closed = { clientResources: [issuer] };
    expect(await f.redeemDevice(code, closed)).toMatchObject(refusal(DeviceCodeRefusal.RESOURCE));
    const taken = { clientScopes: ["email", "offline_access"] };
    expect(await f.redeemDevice(code, taken)).toMatchObject(refusal(DeviceCodeRefusal.SCOPE));
    const { grant } = granted(await f.redeemDevice(code, { resource: orders, issuer }));
    expect(grant.resources).toEqual([orders]);
    granted(await f.redeemDevice(await f.decided(), { resource: issuer, issuer }));
  });

  test("gives a grant that ends with the session in which it was allowed, unless it is for offline use", async () => {
    const f = await deviceFixture();
    const { session } = await f.signIn(0n, "", undefined, { lifetime: durationFromMs(300_000) });
    const { deviceCode, userCode } = await f.issue(["openid"]);
    await f.decide((await f.find(userCode))?.deviceCodeId ?? "", session?.id ?? "");
    expect(granted(await f.redeemDevice(deviceCode)).grant.expireTime).toEqual(session?.expireTime);
  });

  test("A9: a second use ends what the first one gave, also at the same moment", async () => {
    const f = await deviceFixture();
    const code = await f.decided();
    const { grant, refreshToken } = granted(await f.redeemDevice(code));
    expect(await f.redeemDevice(code)).toMatchObject(refusal(DeviceCodeRefusal.REUSED));
    expect(await f.isGood(grant.id)).toBe(false);
    expect((await f.refresh(refreshToken)).outcome.case).toBe("refusal");
    const another = await f.decided();
    const answers = await Promise.all(Array.from({ length: 20 }, () => f.redeemDevice(another)));
    const winners = answers.filter(({ outcome }) => outcome.case === "redeemed");
    expect(winners).toHaveLength(1);
    for (const winner of winners) expect(await f.isGood(granted(winner).grant.id)).toBe(false);
  });

  test("is good for 600 seconds, decided or not, and says for a while that it was", async () => {
    const f = await deviceFixture();
    const { deviceCode, userCode } = await f.issue();
    const id = (await f.find(userCode))?.deviceCodeId ?? "";
    const [allowed, session] = [await f.decided(), await f.sessionId()];
    f.advance(600_000);
    for (const code of [deviceCode, allowed]) {
      expect(await f.redeemDevice(code)).toMatchObject(refusal(DeviceCodeRefusal.EXPIRED));
    }
    expect([await f.find(userCode), await f.get(id)]).toEqual([undefined, undefined]);
    expect(await f.decide(id, session)).toBe(DeviceDecisionOutcome.GONE);
    f.advance(900_000);
    expect(await f.redeemDevice(deviceCode)).toMatchObject(refusal(DeviceCodeRefusal.UNKNOWN));
  });

  test("gives nothing when the user or the client was voided, or the session has ended, since it was allowed", async () => {
    const f = await deviceFixture();
    const ofUser = await f.decided();
    await f.bump({ case: "userId", value: f.userId });
    expect(await f.redeemDevice(ofUser)).toMatchObject(refusal(DeviceCodeRefusal.REVOKED));
    const { deviceCode, userCode } = await f.issue();
    const session = (await f.signIn(1n)).session?.id ?? "";
    const id = (await f.find(userCode))?.deviceCodeId ?? "";
    await f.bump({ case: "clientId", value: f.clientId });
    expect(await f.decide(id, session)).toBe(DeviceDecisionOutcome.DECIDED);
    expect(await f.redeemDevice(deviceCode)).toMatchObject(refusal(DeviceCodeRefusal.REVOKED));
    const later = await f.issue();
    const laterId = (await f.find(later.userCode))?.deviceCodeId ?? "";
    await f.decide(laterId, session);
    const end = create(RevokeSessionRequestSchema, { sessionId: session });
    await revokeSession(f.dependencies)(end, handlerContext());
    expect(await f.redeemDevice(later.deviceCode)).toMatchObject(refusal(DeviceCodeRefusal.REVOKED));
    const last = await f.issue();
    const lastId = (await f.find(last.userCode))?.deviceCodeId ?? "";
    expect(await f.decide(lastId, session)).toBe(DeviceDecisionOutcome.SESSION_ENDED);
  });
});

test("what was allowed and not fetched yet is void when its person takes back what they gave to the client", async () => {
  const f = await deviceFixture();
  const code = await f.decided();
  await f.bump({ case: "consent", value: { userId: f.userId, clientId: f.clientId } }, 1n);
  expect(await f.redeemDevice(code)).toMatchObject(refusal(DeviceCodeRefusal.REVOKED));
  granted(await f.redeemDevice(await f.decided()));
});

describe("a device that asks too often", () => {
  const intervalOf = async (f: Awaited<ReturnType<typeof deviceFixture>>, id: string) =>
    (await f.store.tenant("t1").get(deviceCodes, id))?.record.intervalSeconds;

  test("waits five seconds longer each time, wherever it asks, and the waiting of one that listens is never written", async () => {
    const f = await deviceFixture();
    const { deviceCode, userCode } = await f.issue();
    const id = (await f.find(userCode))?.deviceCodeId ?? "";
    const versionOf = async () => (await f.store.tenant("t1").get(deviceCodes, id))?.version;
    const ask = async (after: number, from = f.redeemDevice) => {
      f.advance(after);
      const { outcome } = await from(deviceCode);
      return outcome.case === "refusal" ? outcome.value : undefined;
    };
    const { PENDING, TOO_FAST } = DeviceCodeRefusal;
    expect([await ask(0), await ask(5_000), await ask(4_900), await ask(6_000)]).toEqual(Array(4).fill(PENDING));
    expect(await versionOf()).toBe(1);
    expect([await ask(1_000), await intervalOf(f, id)]).toEqual([TOO_FAST, 10]);
    expect([await ask(5_000), await intervalOf(f, id)]).toEqual([TOO_FAST, 15]);
    expect([await ask(15_000), await intervalOf(f, id)]).toEqual([PENDING, 15]);
    const replica = f.replica();
    expect([await ask(0, replica), await ask(10_000, replica), await intervalOf(f, id)]).toEqual([
      PENDING,
      TOO_FAST,
      20,
    ]);
  });

  test("costs eleven writes at most, and is answered at once when the person has allowed it", async () => {
    const f = await deviceFixture();
    const { deviceCode, userCode } = await f.issue();
    const device = await f.find(userCode);
    const id = device?.deviceCodeId ?? "";
    for (let i = 0; i < 100; i++) await f.redeemDevice(deviceCode);
    expect((await f.store.tenant("t1").get(deviceCodes, id))?.version).toBe(12);
    expect(await f.decide(id, await f.sessionId())).toBe(DeviceDecisionOutcome.DECIDED);
    granted(await f.redeemDevice(deviceCode));
  });
});
