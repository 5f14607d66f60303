import { Code, ConnectError } from "@connectrpc/connect";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import type { LogoutDelivery } from "#gen/koder/oauth/store/v1/logout_delivery_pb.ts";
import { BrowserSessionService } from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import { forward, ownWork, type Outbound } from "../../../host/call.ts";
import type { Peers } from "../../../host/peers.ts";
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
    const { userId } = payload.value;
    let userErased: boolean | undefined;
    for (const clientId of clientIds) {
      const client = await clients.get(work, clientId);
      if (client === undefined || client.backchannelLogoutUri === "") continue;
      userErased ??= await isErased(peers, work, userId);
      await beginDelivery(dependencies, work, { clientId, sessionId, userId, userErased });
    }
  };
}

/** Whether nobody has the id any more: a session may be ended after its person was erased. */
async function isErased(peers: Peers, work: Outbound, userId: string): Promise<boolean> {
  try {
    await peers.client(CredentialService).getClaims({ userId }, forward(work));
    return false;
  } catch (error) {
    if (error instanceof ConnectError && error.code === Code.NotFound) return true;
    throw error;
  }
}

async function beginDelivery(
  { store, logoutSchedule, clock }: Needs,
  work: Outbound,
  whom: Pick<LogoutDelivery, "clientId" | "sessionId" | "userId" | "userErased">,
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
