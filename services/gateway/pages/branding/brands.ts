import { ShownBrandingService } from "#gen/koder/admin/v1/branding_internal_pb.ts";
import { createBoundedCache } from "../../../host/bounded-cache.ts";
import { forward, type Outbound } from "../../../host/call.ts";
import type { Log } from "../../../host/log.ts";
import type { Peers } from "../../../host/peers.ts";
import type { LogEntry } from "../../../store/store.ts";
import { brandOf, usualBrand, type Brand } from "./brand.ts";

/** How tenants look. */
export interface Brands {
  /** What is known without asking. */
  peek(tenantId: string): Brand | undefined;
  /** Of the tenant of a call; the usual one where it cannot be had. */
  get(call: Outbound): Promise<Brand>;
  /** Asks anew about the tenant of which an event tells. */
  readonly forget: (entry: Pick<LogEntry, "tenantId" | "event">) => void;
}

const remembered = { maxEntries: 10_000, ttl: 5_000 };
/** A page waits no longer for how it is to look, in milliseconds. */
const patience = 1_000;

/** Brands as the admin service has them, each remembered for at most five seconds; its own branding is no page's undoing. */
export function createBrands({
  peers,
  clock,
  log,
}: {
  readonly peers: Peers;
  readonly clock: () => number;
  readonly log: Pick<Log, "warn">;
}): Brands {
  const cache = createBoundedCache<Brand>({ ...remembered, clock });
  return {
    peek: (tenantId) => cache.peek(tenantId),
    forget({ tenantId, event }) {
      if (event.resourceType === "branding") cache.delete(tenantId);
    },
    async get(call) {
      const { tenantId, requestId } = call;
      try {
        return await cache.get(tenantId, async () => {
          // Whoever asks first asks for all: neither their cancelling nor their haste ends it for the others.
          const { signal: _signal, ...outbound } = call;
          const asked = { ...outbound, deadline: clock() + patience };
          const { branding } = await peers.client(ShownBrandingService).getShownBranding({}, forward(asked));
          return branding === undefined ? usualBrand : brandOf(branding);
        });
      } catch (error) {
        log.warn({ err: error, tenantId, requestId }, "a page looks as usual: the tenant's branding cannot be had");
        return usualBrand;
      }
    },
  };
}
