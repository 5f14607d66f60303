import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { CausingCall } from "../../host/event.ts";
import type { FinishWrite } from "../../host/service-module.ts";
import { everyPage } from "../../store/every-record.ts";
import type { TenantStore } from "../../store/store.ts";
import { sessions } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { epochOf } from "../revocation/epoch.ts";
import { endGrantsAtLogout, endSession, endsGrants } from "./end-session.ts";

/** Sessions in one look. */
const batch = 100;

/**
 * Goes on where an event tells of an end. When everything of a user is void, their sessions open nothing any more, as soon
 * as the epoch is counted up; here they end one by one, so that the log names each and its clients can be told. When a
 * session has ended, the grants that end with it do, in case a crash came in between.
 */
export function finishEnds({ store, clock }: Pick<SessionDependencies, "store" | "clock">): FinishWrite {
  return async ({ tenantId, event }) => {
    const call = callOfEvent(tenantId, event);
    const { payload, resourceId } = event;
    if (payload.case === "epochBumped" && resourceId.startsWith("user/")) {
      await endVoidedSessions(store.tenant(tenantId), call, clock(), resourceId.slice("user/".length));
    }
    if (payload.case === "sessionRevoked" && endsGrants(payload.value.reason)) {
      await endGrantsAtLogout(store.tenant(tenantId), call, clock(), resourceId);
    }
  };
}

async function endVoidedSessions(data: TenantStore, call: CausingCall, now: number, userId: string): Promise<void> {
  const epoch = await epochOf(data, { user: userId });
  const query = { index: "user_id", equals: userId, limit: batch } as const;
  for await (const items of everyPage(data, sessions, query)) {
    const voided = items.filter(({ record }) => record.userEpoch !== epoch);
    await Promise.all(voided.map(({ record }) => endSession(data, call, now, record.id, "voided")));
  }
}

/** Whoever caused the event causes what follows from it. */
const callOfEvent = (tenantId: string, { requestId, actor }: Event): CausingCall => ({
  tenantId,
  requestId,
  actor: { id: actor?.id ?? "", type: actor?.type ?? 0 },
});
