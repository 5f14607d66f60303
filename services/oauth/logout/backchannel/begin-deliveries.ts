import { BrowserSessionService } from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import { forward, ownWork, type Outbound } from "../../../host/call.ts";
import { deadlines } from "../../../host/interceptors/deadline.ts";
import type { FinishWrite } from "../../../host/service-module.ts";
import { Conflict } from "../../../store/store.ts";
import { insert } from "../../../store/writes.ts";
import { ulid } from "../../../vault/random.ts";
import { logoutDeliveries } from "../../collections.ts";
import type { OauthDependencies } from "../../dependencies.ts";
import { deliveryChanged } from "./delivery-event.ts";
import { toBeTried } from "./delivery-state.ts";

type Needs = Pick<OauthDependencies, "store" | "peers" | "clients" | "logoutSchedule" | "clock">;

/**
 * Begins a delivery to each client of a session whose end an event tells of, where the client wants to be told. An event
 * that is given again begins nothing twice: session and client have one delivery.
 */
export function beginDeliveries(dependencies: Needs): FinishWrite {
  const { peers, clients, clock } = dependencies;
  return async ({ tenantId, event: { payload, requestId, resourceId: sessionId } }) => {
    if (payload.case !== "sessionRevoked") return;
    const work = ownWork({ service: "oauth", tenantId, requestId, deadline: clock() + deadlines.usual });
    const { clientIds } = await peers.client(BrowserSessionService).listSessionClients({ sessionId }, forward(work));
    for (const clientId of clientIds) {
      const client = await clients.get(work, clientId);
      if (client === undefined || client.backchannelLogoutUri === "") continue;
      await beginDelivery(dependencies, work, { clientId, sessionId, userId: payload.value.userId });
    }
  };
}

async function beginDelivery(
  { store, logoutSchedule, clock }: Needs,
  work: Outbound,
  whom: { readonly clientId: string; readonly sessionId: string; readonly userId: string },
): Promise<void> {
  const now = clock();
  const delivery = toBeTried({ ...whom, id: ulid(now), createTime: undefined }, now);
  try {
    await store
      .tenant(work.tenantId)
      .commit([insert(logoutDeliveries, delivery)], [deliveryChanged(work, now, delivery, 1)]);
  } catch (error) {
    if (!(error instanceof Conflict)) throw error; // it has begun already
  }
  await logoutSchedule.lookBy(work.tenantId, whom.clientId, now);
}
