import { createTenantShares } from "../../../host/outbound/tenant-shares.ts";
import type { DeliverNeeds } from "./deliver.ts";
import { deliverTo } from "./deliver.ts";
import type { DueDeliveries } from "./logout-schedule.ts";

/** Clients that are told at once, those of one tenant among them, and how often it is looked whether another one is to be, in milliseconds. */
const [mostClients, mostOfTenant, every] = [128, 24, 200];
/** How long a client's deliveries are left alone after a fault of ours, in milliseconds. */
const afterFault = 5_000;

/** Tells clients of ended sessions, in the background. */
export interface LogoutDeliveries {
  /** Begins with whatever is due; answers how long to wait. Never waits for a client. */
  step(): Promise<number>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

/**
 * Each client's deliveries go their own way, so that one that is slow or away delays no other; nor do those of one tenant, however many, delay another tenant's. `onFault` is told of what
 * kept us from trying at all.
 */
export function createLogoutDeliveries(
  dependencies: DeliverNeeds,
  onFault: (error: unknown, due: Pick<DueDeliveries, "tenantId" | "clientId">) => void,
): LogoutDeliveries {
  const { logoutSchedule, clock } = dependencies;
  const underWay = new Map<string, Promise<void>>();

  const shares = createTenantShares(mostOfTenant);

  async function tell(due: DueDeliveries): Promise<void> {
    try {
      await deliverTo(dependencies, due);
    } catch (error) {
      onFault(error, due);
      // If this fails as well, the schedule is as it was, and the next look tries again.
      await logoutSchedule.settle(due, clock() + afterFault).catch(() => undefined);
    }
  }

  return {
    async step() {
      const due = await logoutSchedule.due(clock(), 2 * mostClients, shares.isFull);
      for (const one of due) {
        const name = `${one.tenantId}/${one.clientId}`;
        if (underWay.has(name) || underWay.size >= mostClients || shares.isFull(one.tenantId)) continue;
        const work = shares.run(one.tenantId, () => tell(one)).finally(() => underWay.delete(name));
        underWay.set(name, work);
      }
      return every;
    },
    async idle() {
      await Promise.all(underWay.values());
    },
  };
}
