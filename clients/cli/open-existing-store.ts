import { existsSync } from "node:fs";
import { allCollections } from "../../services/assembly/data.ts";
import { openStore } from "../../services/store/open-store.ts";
import type { Store } from "../../services/store/store.ts";

/** Opens a store that must be there. Throws a sentence for people, also where a file would otherwise be made. */
export async function openExistingStore(url: string): Promise<Store> {
  refuseMissing(url);
  refuseMemory(url);
  return openStore({ url, collections: allCollections, clock: Date.now });
}

/** Refuses a file that is not there: whoever opened it would make it. */
export function refuseMissing(url: string): void {
  if (!url.startsWith("sqlite:")) return;
  const path = url.slice("sqlite:".length);
  if (path !== "" && !existsSync(path)) throw new Error(`there is no store at sqlite:${path}`);
}

/** Refuses the store that is another one in every process. */
export function refuseMemory(url: string): void {
  if (url === "memory:") throw new Error("memory: is the store of one process alone; nobody else can reach it");
}
