import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { credentialUses } from "../../../services/admin/collections.ts";
import { openStore as openRealStore, type OpenStore } from "../../../services/store/open-store.ts";
import type { Addition, Collection, Store, SystemStore, TenantStore } from "../../../services/store/store.ts";
import { crashFolderVariable, openCrashFolder } from "./crash-folder.ts";

const folder = openCrashFolder(process.env[crashFolderVariable] ?? ".");

/** A request on a public port. */
interface Request {
  /** `POST /v1/users` */
  readonly name: string;
  /** The order that was there when it began. */
  readonly order: string | undefined;
  /** Whether it gets no further. */
  isHeld: boolean;
}

/** Whether a request has come. */
let hasBegun = false;

/** The request that the code now running answers. */
const answering = new AsyncLocalStorage<Request>();
subscribe("http.server.request.start", (message) => {
  const { method = "", url = "" } = (message as { readonly request: IncomingMessage }).request;
  hasBegun = true;
  answering.enterWith({ name: `${method} ${url.split("?")[0] ?? ""}`, order: folder.ordered()?.id, isHeld: false });
});

/** Once a request is held, the process does nothing by itself: what waits to be finished is for the one after it. */
let isHolding = false;
const never = new Promise<never>(() => undefined);

/**
 * The real store, which tells of each commit of a service, and does what was ordered when that is durable, before anybody is
 * told of it: ends the process with SIGKILL, or holds the request.
 */
export async function openStore(options: OpenStore): Promise<Store> {
  const store = await openRealStore(options);
  return {
    ...store,
    tenant: (tenantId) => crashing(store.tenant(tenantId)),
    system: () => crashing<SystemStore>(store.system()),
  };
}

function crashing<Handle extends TenantStore>(handle: Handle): Handle {
  return {
    ...handle,
    async commit(writes, events) {
      // What is told of without a record is a sign-in that its first step completes.
      const owner = [...new Set(writes.map(({ collection }) => ownerOf(collection)))].join(" and ") || "auth";
      await unlessHeld(owner);
      await handle.commit(writes, events);
      await committed(owner, false);
    },
    async deleteRange(collection, limit) {
      const owner = collection === "everything" ? "everything" : ownerOf(collection);
      await unlessHeld(owner);
      const deleted = await handle.deleteRange(collection, limit);
      await committed(owner, false);
      return deleted;
    },
    add: async (counter, n, expiresAt) => (await adding(handle, [{ counter, n, expiresAt }]))[0] ?? Number.NaN,
    addAll: (additions) => adding(handle, additions),
  };
}

async function adding(handle: TenantStore, additions: readonly Addition[]): Promise<readonly number[]> {
  const owner = [...new Set(additions.map(({ counter }) => counterOwner(counter)))].join(" and ");
  await unlessHeld(owner);
  const values = await handle.addAll(additions);
  await committed(owner, true);
  return values;
}

/** Positions of the event log's readers are no service's. */
const ownHousekeeping = "host";

/**
 * That a credential was used is noted once a minute, by whichever request comes then: it is no part of what that does, and whoever
 * shows the same credential waits for it.
 */
const ownerOf = ({ name }: Pick<Collection, "name">): string =>
  name === credentialUses.name ? ownHousekeeping : (name.split("_")[0] ?? "");

/** Counters have no collection; those that are not here are auth's. */
const counterOwners: Readonly<Record<string, string>> = { "user-codes": "session", "initial-access-token": "oauth" };
const counterOwner = (counter: string): string => counterOwners[counter.split("/")[0] ?? ""] ?? "auth";

/** Resolves where the code now running may go on. */
async function unlessHeld(owner: string): Promise<void> {
  if (owner === ownHousekeeping) return;
  const request = answering.getStore();
  if (request === undefined ? isHolding : request.isHeld) await never;
  if (request === undefined && hasBegun) while (folder.isQuiet()) await delay(20);
}

/** Resolves where whoever made a commit may be told of it. */
async function committed(owner: string, isCounter: boolean): Promise<void> {
  if (owner === ownHousekeeping) return;
  const request = answering.getStore();
  folder.note({ request: request?.name ?? "", order: request?.order, owner, isCounter });
  await unlessHeld(owner);
  const order = folder.ordered();
  if (order === undefined || (order.of === "requests" && request?.order !== order.id)) return;
  if (order.commits > 1) return folder.order({ ...order, commits: order.commits - 1 });
  if (order.what === "die") process.kill(process.pid, "SIGKILL");
  isHolding = true;
  if (request !== undefined) request.isHeld = true;
  folder.order(undefined);
  await never;
}
