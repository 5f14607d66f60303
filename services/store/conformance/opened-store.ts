import { onTestFinished } from "vitest";
import type { Collection, Store } from "../store.ts";
import { keys, tickets } from "./test-records.ts";

/** How a driver is opened for one test: on data of its own, empty. */
export type OpenDriver = (options: {
  readonly collections: readonly Collection[];
  readonly clock: () => number;
}) => Promise<Store>;

/** A store whose time stands still until the test moves it. It is closed when the test is over. */
export interface OpenedStore {
  readonly store: Store;
  readonly time: { now: number };
}

/** Opens the store of one test. */
export async function openedStore(open: OpenDriver): Promise<OpenedStore> {
  const time = { now: Date.UTC(2026, 0, 1) };
  const store = await open({ collections: [keys, tickets] as readonly Collection[], clock: () => time.now });
  onTestFinished(() => store.close());
  return { store, time };
}
