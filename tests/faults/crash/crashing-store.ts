import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import { openStore as openRealStore, type OpenStore } from "../../../services/store/open-store.ts";
import type { Collection, Store, SystemStore, TenantStore } from "../../../services/store/store.ts";
import { crashFolderVariable, openCrashFolder, type Commit } from "./crash-folder.ts";

const folder = openCrashFolder(process.env[crashFolderVariable] ?? ".");

/** The request that the code now running answers. */
const answering = new AsyncLocalStorage<string>();
subscribe("http.server.request.start", (message) => {
  const { method = "", url = "" } = (message as { readonly request: IncomingMessage }).request;
  answering.enterWith(`${method} ${url.split("?")[0] ?? ""}`);
});

/**
 * The real store, which tells of each commit of a service, and ends the process with SIGKILL when the one that was ordered
 * is durable, before anybody is told of it.
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
      await handle.commit(writes, events);
      const owners = new Set(writes.map(({ collection }) => ownerOf(collection)));
      committed([...owners].join(" and "), false);
    },
    async deleteRange(collection, limit) {
      const deleted = await handle.deleteRange(collection, limit);
      committed(collection === "everything" ? "everything" : ownerOf(collection), false);
      return deleted;
    },
    async add(counter, n, expiresAt) {
      const value = await handle.add(counter, n, expiresAt);
      committed(counterOwner(counter), true);
      return value;
    },
  };
}

const ownerOf = ({ name }: Pick<Collection, "name">): string => name.split("_")[0] ?? "";

/** Counters have no collection; those that are not here are auth's. */
const counterOwners: Readonly<Record<string, string>> = { "user-codes": "session", "initial-access-token": "oauth" };
const counterOwner = (counter: string): string => counterOwners[counter.split("/")[0] ?? ""] ?? "auth";

/** Positions of the event log's readers are no service's. */
const ownHousekeeping = "host";

function committed(owner: string, isCounter: boolean): void {
  if (owner === ownHousekeeping) return;
  const commit: Commit = { request: answering.getStore() ?? "", owner, isCounter };
  folder.note(commit);
  const order = folder.ordered();
  if (order === undefined || (order.of === "requests" && commit.request === "")) return;
  if (order.commits <= 1) process.kill(process.pid, "SIGKILL");
  folder.order({ ...order, commits: order.commits - 1 });
}
