import { generateKeyPairSync } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { describe, expect, onTestFinished, test } from "vitest";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { ClientSchema, type Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { LogoutDeliveryState } from "#gen/koder/oauth/v1/logout_delivery_pb.ts";
import {
  DeleteLogoutDeliveryRequestSchema,
  ListLogoutDeliveriesRequestSchema,
  RetryLogoutDeliveryRequestSchema,
} from "#gen/koder/oauth/v1/logout_delivery_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "../../../host/failure.ts";
import { OutboundFailed } from "../../../host/outbound/outbound-failed.ts";
import { createPageTokens } from "../../../host/page-token.ts";
import { handlerContext } from "../../../host/testing/handler-context.ts";
import { openStore } from "../../../store/open-store.ts";
import { vaultTenantKeys } from "../../../vault/collections.ts";
import { importSigningKey } from "../../../vault/signing-key.ts";
import { testVault } from "../../../vault/testing/test-vault.ts";
import { oauthCollections } from "../../collections.ts";
import type { OauthDependencies } from "../../dependencies.ts";
import type { Subjects } from "../../subjects/subjects.ts";
import { beginDeliveries } from "./begin-deliveries.ts";
import { createLogoutDeliveries } from "./deliver-due.ts";
import { forgetDeliveries } from "./forget-deliveries.ts";
import { deleteLogoutDelivery } from "./delete-logout-delivery.ts";
import { listLogoutDeliveries } from "./list-logout-deliveries.ts";
import { createLogoutSchedule } from "./logout-schedule.ts";
import { retryLogoutDelivery } from "./retry-logout-delivery.ts";

const sessionId = "01JSESS0000000000000000000";
const userId = "01JUSER0000000000000000000";
const nameOf = async (_call: unknown, client: object, id: string) => `${id} to ${(client as Client).clientId}`;
const ofState = { pending: LogoutDeliveryState.PENDING, delivered: LogoutDeliveryState.DELIVERED } as const;
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const key = await importSigningKey({ alg: "ES256", privateKey: privateKey.export({ type: "pkcs8", format: "der" }) });

/** Deliveries over a real store, with clients, a clock and a network that the test owns. */
async function fixture(answers: Readonly<Record<string, () => Promise<number> | number>>) {
  let now = Date.UTC(2026, 0, 1);
  const clock = () => now;
  const store = await openStore({ url: "memory:", collections: [...oauthCollections, vaultTenantKeys], clock });
  onTestFinished(() => store.close());
  const sent: { readonly url: string; readonly form: URLSearchParams; readonly contentType: string }[] = [];
  const faults: unknown[] = [];
  const silent = new Set<string>(["silent"]);
  const erased = new Set<string>();
  const suspended = new Set<string>();
  const dependencies = {
    store,
    clock,
    pageTokens: createPageTokens(testVault(store, clock)),
    logoutSchedule: createLogoutSchedule({ system: store.system() }),
    tenants: {
      get: async ({ tenantId }: { readonly tenantId: string }) => {
        if (suspended.has(tenantId)) throw failure(ErrorReason.TENANT_NOT_FOUND, "it does not serve");
        return { canonicalOrigin: "https://id.example" };
      },
    },
    signingKeys: { current: async () => key },
    subjects: { of: nameOf, ofSession: nameOf } satisfies Subjects,
    clients: {
      get: async (_call: unknown, clientId: string) =>
        clientId === "gone"
          ? undefined
          : create(ClientSchema, {
              clientId,
              backchannelLogoutUri: silent.has(clientId) ? "" : `https://${clientId}.example/logout`,
              idTokenSignedResponseAlg: "ES256",
            }),
    },
    peers: {
      client: () => ({
        listSessionClients: async () => ({ clientIds: [...Object.keys(answers), "gone", "silent"] }),
        getClaims: async () => {
          if (erased.has(userId)) throw new ConnectError("nobody has the id", Code.NotFound);
          return {};
        },
      }),
    },
    outbound: {
      post: async (url: string, { contentType, body }: { contentType: string; body: string }) => {
        sent.push({ url, contentType, form: new URLSearchParams(body) });
        const status = await answers[new URL(url).hostname.split(".")[0] ?? ""]?.();
        return { status: status ?? 500 };
      },
    },
    onLogoutAttempt: () => undefined,
  } as unknown as OauthDependencies;
  const deliveries = createLogoutDeliveries(dependencies, (error) => void faults.push(error));
  return {
    dependencies,
    deliveries,
    sent,
    faults,
    silent,
    suspended,
    sentTo: (clientId: string) => sent.filter(({ url }) => url.startsWith(`https://${clientId}.`)),
    advance: (milliseconds: number) => void (now += milliseconds),
    /** The session ends, as the log tells of it. */
    end: (id = sessionId, tenantId = "t1") =>
      beginDeliveries(dependencies)({
        tenantId,
        event: create(EventSchema, {
          resourceId: id,
          payload: {
            case: "sessionRevoked",
            value: { $typeName: "koder.events.v1.SessionRevoked", userId, reason: "logout" },
          },
        }),
      }),
    /** The person is erased, as the log tells of it. */
    erase: () => {
      erased.add(userId);
      return forgetDeliveries(dependencies)({
        tenantId: "t1",
        event: create(EventSchema, {
          resourceId: userId,
          payload: { case: "userErased", value: { $typeName: "koder.events.v1.UserErased" } },
        }),
      });
    },
    async look() {
      await deliveries.step();
      await deliveries.idle();
    },
    list: async (filter: { readonly clientId?: string; readonly state?: LogoutDeliveryState } = {}, tenantId = "t1") =>
      (
        await listLogoutDeliveries(dependencies)(
          create(ListLogoutDeliveriesRequestSchema, filter),
          handlerContext({ tenantId }),
        )
      ).deliveries,
    retry: (deliveryId: string, tenantId = "t1") =>
      retryLogoutDelivery(dependencies)(
        create(RetryLogoutDeliveryRequestSchema, { deliveryId }),
        handlerContext({ tenantId }),
      ),
    remove: (deliveryId: string, tenantId = "t1") =>
      deleteLogoutDelivery(dependencies)(
        create(DeleteLogoutDeliveryRequestSchema, { deliveryId }),
        handlerContext({ tenantId }),
      ),
  };
}

describe("the end of a session", () => {
  test("is told to each client that wants to know, by one token", async () => {
    const f = await fixture({ chat: () => 200, mail: () => 204 });
    await f.end();
    await f.look();
    await f.look();
    expect(f.sent.map(({ url }) => url).toSorted()).toEqual([
      "https://chat.example/logout",
      "https://mail.example/logout",
    ]);
    const [{ form, contentType } = { form: new URLSearchParams(), contentType: "" }] = f.sentTo("chat");
    expect(contentType).toBe("application/x-www-form-urlencoded");
    expect([...form.keys()]).toEqual(["logout_token"]);
    const token = form.get("logout_token") ?? "";
    expect(decodeProtectedHeader(token)).toEqual({ alg: "ES256", typ: "logout+jwt", kid: key.kid });
    const { iat = 0, jti, ...claims } = decodeJwt(token);
    expect(jti).toMatch(/^[0-9a-f-]{36}$/);
    expect(claims).toEqual({
      iss: "https://id.example",
      sub: `${userId} to chat`,
      aud: "chat",
      exp: iat + 120,
      sid: `${sessionId} to chat`,
      events: { "http://schemas.openid.net/event/backchannel-logout": {} },
    });
    expect((await f.list()).map(({ clientId, state, attempts }) => [clientId, state, attempts])).toEqual([
      ["mail", LogoutDeliveryState.DELIVERED, 1],
      ["chat", LogoutDeliveryState.DELIVERED, 1],
    ]);
  });

  test("waits while its tenant is suspended, which is no fault, and is told after that", async () => {
    const f = await fixture({ chat: () => 200 });
    f.suspended.add("t1");
    await f.end();
    for (let minute = 0; minute < 3; minute += 1) {
      await f.look();
      f.advance(60_000);
    }
    expect([f.sent, f.faults]).toEqual([[], []]);
    expect(await f.list({ clientId: "chat" })).toMatchObject([{ state: ofState.pending, attempts: 0 }]);
    f.suspended.clear();
    await f.look();
    expect(f.sentTo("chat")).toHaveLength(1);
  });

  test("is told once, however often the log tells of it", async () => {
    const f = await fixture({ chat: () => 200 });
    await Promise.all([f.end(), f.end(), f.end()]);
    await f.look();
    await f.end();
    await f.look();
    expect(f.sent).toHaveLength(1);
  });

  test("is tried again after pauses that grow, and given up after a day; each try has a token of its own", async () => {
    const f = await fixture({ chat: () => 500 });
    await f.end();
    const pauses: number[] = [];
    for (let waited = 0, last = 0; waited < 200_000;) {
      await f.look();
      // Which would never end here.
      expect(f.faults).toEqual([]);
      if (f.sent.length > last) {
        pauses.push(waited);
        [last, waited] = [f.sent.length, 0];
      }
      const [delivery] = await f.list();
      if (delivery?.state === LogoutDeliveryState.DEAD) break;
      const next = delivery?.nextAttemptTime ? timestampMs(delivery.nextAttemptTime) : 0;
      const pause = next - f.dependencies.clock();
      f.advance(pause - 1);
      await f.look();
      expect(f.sent).toHaveLength(last);
      f.advance(1);
      waited += pause / 1000;
    }
    expect(pauses).toEqual([0, 5, 30, 120, 600, 3_600, 21_600, 57_600]);
    expect((await f.list({ state: LogoutDeliveryState.DEAD })).map(({ lastFault }) => lastFault)).toEqual([
      "status_500",
    ]);
    expect(new Set(f.sent.map(({ form }) => decodeJwt(form.get("logout_token") ?? "").jti)).size).toBe(8);
    f.advance(86_400_000);
    await f.look();
    expect(f.sent).toHaveLength(8);
  });

  test("a client that does not answer delays no other, and no session is forgotten behind it", async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const f = await fixture({ slow: () => promise, chat: () => 200 });
    const sessions = Array.from({ length: 60 }, (_, n) => `01JSESS${String(n).padStart(19, "0")}`);
    for (const id of sessions) await f.end(id);
    await f.deliveries.step();
    await expect.poll(async () => (await f.list({ clientId: "chat", state: ofState.pending })).length).toBeLessThan(60);
    expect(f.sentTo("slow").length).toBeLessThanOrEqual(4);
    await f.deliveries.step();
    expect(f.sentTo("slow").length).toBeLessThanOrEqual(4);
    resolve(200);
    for (let turn = 0; turn < 4; turn++) await f.look();
    for (const clientId of ["slow", "chat"]) {
      const told = f.sentTo(clientId).map(({ form }) => decodeJwt(form.get("logout_token") ?? "")["sid"]);
      const named = new Set(sessions.map((id) => `${id} to ${clientId}`));
      expect([told.length, new Set(told)]).toEqual([sessions.length, named]);
    }
  });

  test("a tenant with hundreds of clients that do not answer delays no other tenant", async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const slow = Array.from({ length: 300 }, (_, n) => [`slow${n}`, () => promise] as const);
    const f = await fixture({ chat: () => 200, ...Object.fromEntries(slow) });
    await f.end();
    f.advance(1);
    await f.end(sessionId, "t2");
    for (let looks = 0; looks < 2; looks++) await f.deliveries.step();
    await expect.poll(() => f.sentTo("chat").length).toBe(2);
    expect(f.sent.length).toBeLessThanOrEqual(50);
    resolve(200);
    await f.deliveries.idle();
  });

  test("an attempt for which there is no room now is none", async () => {
    let isBusy = true;
    const f = await fixture({ chat: () => (isBusy ? Promise.reject(new OutboundFailed("busy")) : 200) });
    await f.end();
    await f.look();
    expect(await f.list({ clientId: "chat" })).toMatchObject([{ attempts: 0, lastFault: "" }]);
    isBusy = false;
    await f.look();
    expect(f.sentTo("chat")).toHaveLength(1);
    f.advance(5_000);
    await f.look();
    expect(await f.list({ clientId: "chat" })).toMatchObject([{ state: ofState.delivered, attempts: 1 }]);
    expect(f.faults).toEqual([]);
  });

  test("what the network does is said by name; a fault of ours is no attempt", async () => {
    let ours = false;
    const f = await fixture({
      chat: () => {
        if (ours) throw new Error("the vault is away");
        throw new OutboundFailed("tls");
      },
    });
    await f.end();
    await f.look();
    expect((await f.list()).map(({ lastFault, attempts }) => [lastFault, attempts])).toEqual([["tls", 1]]);
    ours = true;
    f.advance(5_000);
    await f.look();
    expect(f.faults).toEqual([new Error("the vault is away")]);
    expect((await f.list()).map(({ lastFault, attempts }) => [lastFault, attempts])).toEqual([["tls", 1]]);
    ours = false;
    f.advance(5_000);
    await f.look();
    expect((await f.list()).map(({ attempts }) => attempts)).toEqual([2]);
  });

  test("a client that does not want to be told any more is not", async () => {
    const f = await fixture({ chat: () => 500 });
    await f.end();
    await f.look();
    f.silent.add("chat");
    f.advance(5_000);
    await f.look();
    expect(f.sent).toHaveLength(1);
    expect(await f.list()).toEqual([]);
  });
});

describe("deliveries", () => {
  test("are listed by client and state, tried again and deleted by command, and are their tenant's alone", async () => {
    let status = 400;
    const f = await fixture({ chat: () => status, mail: () => 200 });
    await f.end();
    await f.look();
    expect(await f.list({ clientId: "chat", state: ofState.delivered })).toEqual([]);
    const [failed] = await f.list({ clientId: "chat", state: ofState.pending });
    const id = failed?.id ?? "";
    expect(failed).toMatchObject({ sessionId, userId, attempts: 1, lastFault: "status_400" });
    for (const other of [f.retry(id, "t2"), f.remove(id, "t2")]) {
      await expect(other).rejects.toThrow("no logout delivery has the id");
    }
    expect(await f.list({}, "t2")).toEqual([]);
    status = 200;
    expect((await f.retry(id)).delivery).toMatchObject({ id, attempts: 0, state: ofState.pending });
    await f.look();
    expect((await f.list({ state: ofState.delivered })).map(({ clientId }) => clientId).toSorted()).toEqual([
      "chat",
      "mail",
    ]);
    await f.remove(id);
    expect((await f.list()).map(({ clientId }) => clientId)).toEqual(["mail"]);
    await expect(f.remove(id)).rejects.toThrow("no logout delivery has the id");
  });
});

describe("of an erased person", () => {
  test("nothing is left of what was told, and of what waits nothing once it was", async () => {
    let status = 500;
    const f = await fixture({ chat: () => 200, mail: () => status });
    await f.end();
    await f.look();
    await f.erase();
    expect((await f.list()).map(({ clientId }) => clientId)).toEqual(["mail"]);
    await f.erase();
    f.advance(5_000);
    status = 200;
    await f.look();
    expect([await f.list(), f.sentTo("mail").length]).toEqual([[], 2]);
  });

  test("a client that cannot be told is given up after a day, and nothing is left", async () => {
    const f = await fixture({ mail: () => 500 });
    await f.end();
    await f.erase();
    for (let tries = 0; tries < 9; tries += 1) {
      await f.look();
      f.advance(17 * 3_600_000);
    }
    expect([await f.list(), f.sentTo("mail").length]).toEqual([[], 8]);
  });

  test("a session that ends after they are gone is told, and leaves nothing either", async () => {
    const f = await fixture({ chat: () => 200 });
    await f.erase();
    await f.end();
    expect(await f.list()).toHaveLength(1);
    await f.look();
    expect([await f.list(), f.sentTo("chat").length]).toEqual([[], 1]);
  });
});
