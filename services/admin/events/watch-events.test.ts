import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { CredentialUseSchema } from "#gen/koder/admin/store/v1/personal_access_token_pb.ts";
import { WatchEventsRequestSchema, type WatchEventsResponse } from "#gen/koder/admin/v1/event_service_pb.ts";
import { ActorType, RoleDeletedSchema, UserErasedSchema } from "#gen/koder/events/v1/event_pb.ts";
import type { Call } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { reasonOf } from "../../host/testing/refusal.ts";
import { insert } from "../../store/writes.ts";
import { adminFixture, keyHolding, otherTenantId, tenantId } from "../api-keys/admin-fixture.ts";
import { credentialUses } from "../collections.ts";
import { watchEvents } from "./watch-events.ts";

type Init = MessageInitShape<typeof WatchEventsRequestSchema>;
const auditor = keyHolding(["audit.read"]);
let f: Awaited<ReturnType<typeof adminFixture>>;
let happened = 0;
beforeEach(async () => {
  f = await adminFixture();
});

/** Puts events into a tenant's log, of users and of roles in turn, and tells of them as the follower does. */
async function happen(count: number, of: string = tenantId): Promise<void> {
  const { store, system, clock, toldEvents } = f.dependencies;
  for (let at = 0; at < count; at += 1) {
    happened += 1;
    const call = { requestId: "r", tenantId: of, actor: { id: "a", type: ActorType.USER } };
    const isRole = at % 2 === 1;
    const payload = isRole
      ? ({ case: "roleDeleted", value: create(RoleDeletedSchema) } as const)
      : ({ case: "userErased", value: create(UserErasedSchema) } as const);
    const resource = { type: isRole ? "role" : "user", id: `x${at}`, version: 1 };
    const use = create(CredentialUseSchema, { id: `${of}/${happened}` });
    await store.tenant(of).commit([insert(credentialUses, use)], [eventOf(call, clock(), resource, payload)]);
  }
  const lease = await system.lease("sequencer", "test", 60_000);
  if (lease === undefined) throw new Error("no lease");
  while ((await system.sequence(lease, 1_000)) > 0);
  await system.release(lease);
  toldEvents.tell({ tenantId: of });
}

/** A watcher that is told one answer at a time. */
function watch(init: Init = {}, overrides: Partial<Call> = auditor) {
  const gone = new AbortController();
  const context = { ...f.context(overrides), signal: gone.signal } as HandlerContext;
  const answers = watchEvents(f.dependencies)(create(WatchEventsRequestSchema, init), context);
  return {
    next: async (): Promise<WatchEventsResponse> => {
      const { value } = (await answers.next()) as { value?: WatchEventsResponse };
      if (value === undefined) throw new Error("it has ended");
      return value;
    },
    /** The numbers of the next events, and the last token. */
    async events(count: number) {
      const numbers: number[] = [];
      let token = "";
      while (numbers.length < count) {
        const { event, resumeToken } = await this.next();
        if (event !== undefined) numbers.push(Number(event.number));
        token = resumeToken;
      }
      return { numbers, token };
    },
    leave: async () => {
      gone.abort();
      await answers.return(undefined);
    },
  };
}

test("events are told as they happen, from now on or from where the request says, and of this tenant alone", async () => {
  await happen(3);
  const [now, all] = [watch(), watch({ afterNumber: 0n })];
  expect((await now.next()).event).toBe(undefined);
  expect((await all.events(3)).numbers).toEqual([1, 2, 3]);
  const waiting = now.events(2);
  await happen(5, otherTenantId);
  await happen(2);
  expect((await waiting).numbers).toEqual([4, 5]);
  expect((await all.events(2)).numbers).toEqual([4, 5]);
  await Promise.all([now.leave(), all.leave()]);
});

test("A27: whoever is told of a whole log lets everything else have its turn", async () => {
  await happen(200);
  let turns = 0;
  let ended = false;
  const others = (): void => {
    turns += 1;
    if (!ended) setImmediate(others);
  };
  const all = watch({ afterNumber: 0n });
  await all.next();
  others();
  await all.events(200);
  ended = true;
  expect(turns).toBeGreaterThanOrEqual(12);
  await all.leave();
});

test("a token goes on behind what was told, also where the filter passed over much", async () => {
  await happen(6);
  const roles = watch({ afterNumber: 0n, resourceType: "role" });
  const { numbers, token } = await roles.events(2);
  await roles.leave();
  expect(numbers).toEqual([2, 4]);
  await happen(2);
  const again = watch({ resumeToken: token, resourceType: "role" });
  expect((await again.events(2)).numbers).toEqual([6, 8]);
  await again.leave();
});

test("where nothing is told of, the log is looked at, and an answer without an event comes in time", async () => {
  const one = watch({ type: "role_deleted" });
  const first = await one.next();
  f.advance(15_000);
  const second = await one.next();
  expect([first.event, second.event, second.resumeToken === ""]).toEqual([undefined, undefined, false]);
  await one.leave();
});

test("there are never fifteen seconds without an answer, however long the looks take", async () => {
  const wait = vi
    .spyOn(f.dependencies.toldEvents, "wait")
    .mockImplementation(async (_tenantId, _signal, milliseconds) => {
      f.advance(milliseconds + 70);
    });
  onTestFinished(() => wait.mockRestore());
  const one = watch({ type: "role_deleted" });
  await one.next();
  for (let beat = 0; beat < 3; beat += 1) {
    const before = f.dependencies.clock();
    await one.next();
    expect(f.dependencies.clock() - before).toBeLessThanOrEqual(15_000);
  }
  await one.leave();
});

test("A22, A32, A27: another's token, what stands above tenants, and too many watchers are refused", async () => {
  await happen(1);
  const one = watch();
  const { resumeToken } = await one.next();
  expect(await reasonOf(watch({ resumeToken, type: "user_erased" }).next())).toBe("PAGE_TOKEN_INVALID");
  expect(await reasonOf(watch({ resumeToken }, { ...auditor, tenantId: otherTenantId }).next())).toBe(
    "PAGE_TOKEN_INVALID",
  );
  expect(await reasonOf(watch({ resumeToken: "no token" }).next())).toBe("PAGE_TOKEN_INVALID");
  await expect(watch({ resumeToken: "no token" }).next()).rejects.toThrow(/resume_token: /);
  expect(await reasonOf(watch({ instance: true }).next())).toBe("PERMISSION_DENIED");
  await expect(watch({ instance: true }).next()).rejects.toThrow(/instance: only a credential with INSTANCE/);
  const more = Array.from({ length: 49 }, () => watch());
  await Promise.all(more.map((watcher) => watcher.next()));
  expect(await reasonOf(watch().next())).toBe("OVERLOADED");
  await one.leave();
  const place = watch();
  expect((await place.next()).event).toBe(undefined);
  await Promise.all([place, ...more].map((watcher) => watcher.leave()));
});
