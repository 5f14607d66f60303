import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { LogoutDeliverySchema } from "#gen/koder/oauth/store/v1/logout_delivery_pb.ts";
import { ownWork, type Outbound } from "../../../host/call.ts";
import { OutboundFailed } from "../../../host/outbound/outbound-failed.ts";
import { serves } from "../../../host/tenants.ts";
import { Conflict, type Stored } from "../../../store/store.ts";
import { remove, replace } from "../../../store/writes.ts";
import { ulid } from "../../../vault/random.ts";
import { logoutDeliveries } from "../../collections.ts";
import type { OauthDependencies } from "../../dependencies.ts";
import { deliveryChanged } from "./delivery-event.ts";
import { afterAttempt } from "./delivery-state.ts";
import { logoutToken } from "./logout-token.ts";
import type { DueDeliveries } from "./logout-schedule.ts";

/** Requests to one client at once, and deliveries to it in one go. */
const [atOnce, batch] = [4, 40];
/** How long a client's deliveries wait where there was no room for an attempt, in milliseconds. */
const afterBusy = 5_000;
/** How long they are left alone while their tenant is suspended, in milliseconds. */
const whileSuspended = 60_000;
/** How long one attempt may take, in milliseconds: longer than the request itself may. */
const patience = 10_000;

export type DeliverNeeds = Pick<
  OauthDependencies,
  | "store"
  | "clients"
  | "tenants"
  | "signingKeys"
  | "subjects"
  | "outbound"
  | "logoutSchedule"
  | "clock"
  | "onLogoutAttempt"
>;

/**
 * Tries what is due for one client, a few at once, and says when to look again. An attempt that ends in nothing certain,
 * as where the store is away, is as good as none: the schedule stays and it is made again, so that a client may be told
 * twice, and never not at all.
 */
export async function deliverTo(dependencies: DeliverNeeds, due: DueDeliveries): Promise<void> {
  const { store, clients, tenants, logoutSchedule, clock } = dependencies;
  const { tenantId, clientId } = due;
  const data = store.tenant(tenantId);
  const waiting = { index: "client_due", prefix: `${clientId}/`, limit: batch } as const;
  const work = ownWork({ service: "oauth", tenantId, requestId: ulid(clock()), deadline: clock() + patience * batch });
  const { items } = await data.page(logoutDeliveries, waiting);
  if (items.length > 0 && !(await serves(tenants, work))) return logoutSchedule.settle(due, clock() + whileSuspended);
  const ready = items.filter(({ record }) => dueTime(record) <= clock());
  const client = await clients.get(work, clientId);
  let isBusy = false;
  const lanes = Array.from({ length: atOnce }, async () => {
    for (let next = ready.shift(); next !== undefined && !isBusy; next = ready.shift()) {
      if (!(await deliver(dependencies, work, client, next))) isBusy = true;
    }
  });
  await Promise.all(lanes);
  if (isBusy) return logoutSchedule.settle(due, clock() + afterBusy);
  const [first] = (await data.page(logoutDeliveries, { ...waiting, limit: 1 })).items;
  await logoutSchedule.settle(due, first && dueTime(first.record));
}

const dueTime = ({ nextAttemptTime }: Pick<Stored<typeof LogoutDeliverySchema>["record"], "nextAttemptTime">): number =>
  nextAttemptTime === undefined ? 0 : timestampMs(nextAttemptTime);

/** Answers false where there was no room for an attempt. */
async function deliver(
  dependencies: DeliverNeeds,
  work: Outbound,
  client: Client | undefined,
  { record, version }: Stored<typeof LogoutDeliverySchema>,
): Promise<boolean> {
  const { store, clock, onLogoutAttempt } = dependencies;
  const data = store.tenant(work.tenantId);
  try {
    if (client === undefined || client.backchannelLogoutUri === "") {
      // The client is gone, or does not want to be told any more.
      const deleted = deliveryChanged(work, clock(), { ...record, state: "deleted" }, version + 1);
      await data.commit([remove(logoutDeliveries, { record, version })], [deleted]);
      return true;
    }
    const fault = await faultOfAttempt(dependencies, work, client, record);
    // Nothing was sent, because so much of the tenant's is under way: it is due as it was.
    if (fault === "busy") return false;
    const after = afterAttempt(record, clock(), fault);
    const isOver = after.userErased && after.state !== "pending";
    await data.commit(
      [isOver ? remove(logoutDeliveries, { record, version }) : replace(logoutDeliveries, after, version)],
      [deliveryChanged(work, clock(), after, version + 1)],
    );
    const { tenantId } = work;
    onLogoutAttempt({ tenantId, clientId: client.clientId, deliveryId: record.id, state: after.state, fault });
  } catch (error) {
    // Somebody retried or deleted it meanwhile: what they said counts.
    if (!(error instanceof Conflict)) throw error;
  }
  return true;
}

/** Undefined when the client took the token (§2.8: 200, and 204 for frameworks that make it one). */
async function faultOfAttempt(
  dependencies: DeliverNeeds,
  work: Outbound,
  client: Client,
  record: Stored<typeof LogoutDeliverySchema>["record"],
): Promise<string | undefined> {
  const token = await logoutToken(dependencies, work, client, record);
  try {
    const { status } = await dependencies.outbound.post(client.backchannelLogoutUri, {
      tenantId: work.tenantId,
      contentType: "application/x-www-form-urlencoded",
      body: new URLSearchParams({ logout_token: token }).toString(),
    });
    return status >= 200 && status < 300 ? undefined : `status_${status}`;
  } catch (error) {
    if (error instanceof OutboundFailed) return error.fault;
    throw error;
  }
}
