import { setTimeout as pause } from "node:timers/promises";
import { isInstanceClaimed } from "../admin/bootstrap/claim-instance.ts";
import { claimAtFirstStart } from "../admin/bootstrap/first-start.ts";
import { defaultTenant } from "../admin/tenants/default-tenant.ts";
import { noteServedOrigin } from "../admin/tenants/note-served-origin.ts";
import { ownWork, type ServiceName } from "../host/call.ts";
import type { Config } from "../host/config.ts";
import { deadlines } from "../host/interceptors/deadline.ts";
import type { Log } from "../host/log.ts";
import type { ServiceModule } from "../host/service-module.ts";
import type { Tenants } from "../host/tenants.ts";
import { systemTenant } from "../store/check-input.ts";
import { ulid } from "../vault/random.ts";
import type { Data } from "./data.ts";
import type { ServiceCalls } from "./service-calls.ts";

/**
 * What the first start of an instance makes, and every later one finds: the default tenant, the owner, and what the first
 * request would wait for. Safe to repeat.
 */
export type FirstStart = () => Promise<void>;

/** How long one process has for the claim before another tries, and between two looks of that other, in milliseconds. */
const claimLease = 10_000;
const whileAnotherClaims = 100;

/** What hangs on the origin, in the log of whoever meant to change it, and of whoever did not. */
const anotherOrigin =
  "the public URL (KODER_ID_PUBLIC_URL) is another one than at the last start: access tokens, cookies, links and passkeys of before are not good at it";

/** Each process does its part: that with the admin service the tenant and the owner, every other what it owns of the tenant. */
export function createFirstStart({
  config,
  data: { store, vault },
  modules,
  calls,
  tenantsOf,
  publicOrigin,
  holder,
  clock,
  log,
}: {
  readonly config: Config;
  readonly data: Data;
  readonly modules: readonly ServiceModule[];
  readonly calls: ServiceCalls;
  readonly tenantsOf: (service: ServiceName) => Tenants;
  readonly publicOrigin: () => string;
  /** Names this process in leases. */
  readonly holder: string;
  readonly clock: () => number;
  readonly log: Log;
}): FirstStart {
  const work = (service: ServiceName, tenantId = systemTenant) =>
    ownWork({ service, tenantId, requestId: ulid(clock()), deadline: clock() + deadlines.longest });

  async function prepareTenant(): Promise<void> {
    for (const { name, prepareTenant: prepare } of modules) {
      if (prepare === undefined) continue;
      const tenant = await tenantsOf(name).lookup(work(name), "");
      await prepare(work(name, tenant.id));
    }
  }
  const isAdminHere = config.services.includes("admin");
  async function claim(): Promise<void> {
    if (!isAdminHere || config.bootstrapToken !== undefined) return;
    const system = store.system();
    const admin = { system, vault, peers: calls.peersOf("admin"), clock };
    // One process at a time, because of the files: of two that start together, with one folder, the second finds it done.
    while (!(await isInstanceClaimed(admin))) {
      const lease = await system.lease("first start", holder, claimLease);
      if (lease === undefined) {
        await pause(whileAnotherClaims);
        continue;
      }
      try {
        await claimAtFirstStart(admin, work("admin"), config, log);
      } finally {
        await system.release(lease);
      }
    }
  }
  /** Nothing goes by what is noted: where it cannot be, the start goes on. */
  async function tellOfAnotherOrigin(): Promise<void> {
    const now = publicOrigin();
    try {
      const before = await noteServedOrigin({ system: store.system(), clock }, now);
      if (before !== undefined) log.warn({ before, now }, anotherOrigin);
    } catch (error) {
      log.warn({ err: error }, "whether the last start had the same KODER_ID_PUBLIC_URL is not known");
    }
  }
  return async () => {
    if (isAdminHere) {
      await defaultTenant({ system: store.system(), clock }, work("admin"));
      await tellOfAnotherOrigin();
    }
    await Promise.all([prepareTenant(), claim()]);
  };
}
