import type { LogEntry } from "../../store/store.ts";

/** Whoever waits for events of a tenant, in this process. */
export interface ToldEvents {
  /** The log has an event, as this process's follower tells. */
  readonly tell: (entry: Pick<LogEntry, "tenantId">) => void;
  /** Resolves with the next event of a tenant, when the signal aborts, or after so many milliseconds. */
  wait(tenantId: string, signal: AbortSignal, milliseconds: number): Promise<void>;
  /** How many wait for a tenant, or are about to, until the function that it answers is called; undefined: too many. */
  enter(tenantId: string): (() => void) | undefined;
}

/** Those who watch one tenant at a time, in one process. */
const mostWatchers = 50;

/** Made once in a process. */
export function createToldEvents(): ToldEvents {
  const waiting = new Map<string, Set<() => void>>();
  const watchers = new Map<string, number>();
  return {
    tell({ tenantId }) {
      const woken = waiting.get(tenantId);
      waiting.delete(tenantId);
      for (const wake of woken ?? []) wake();
    },
    wait(tenantId, signal, milliseconds) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const woken = waiting.get(tenantId) ?? new Set();
      waiting.set(tenantId, woken.add(resolve));
      const timer = setTimeout(resolve, milliseconds);
      const end = () => resolve();
      signal.addEventListener("abort", end, { once: true });
      if (signal.aborted) resolve();
      return promise.finally(() => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        woken.delete(resolve);
      });
    },
    enter(tenantId) {
      const count = watchers.get(tenantId) ?? 0;
      if (count >= mostWatchers) return undefined;
      watchers.set(tenantId, count + 1);
      let left = false;
      return () => {
        if (left) return;
        left = true;
        const rest = (watchers.get(tenantId) ?? 1) - 1;
        if (rest === 0) watchers.delete(tenantId);
        else watchers.set(tenantId, rest);
      };
    },
  };
}
