import { OutboundFailed } from "./outbound-failed.ts";

/** Lets a few requests go to a host at once. */
export interface HostLanes {
  /** Does the work once there is room. Throws OutboundFailed `busy` where too many wait, `timeout` where the signal came first. */
  run<Result>(host: string, signal: AbortSignal, work: () => Promise<Result>): Promise<Result>;
}

interface Lane {
  running: number;
  readonly waiting: Set<() => void>;
}

/**
 * Lanes of `perHost` requests at once, with room for `waiting` more each, and of `overall` requests, running or waiting, to
 * all hosts: one slow host holds up nobody else, and all of them together hold little. A lane that is empty is forgotten.
 */
export function createHostLanes({
  perHost,
  waiting,
  overall,
}: {
  readonly perHost: number;
  readonly waiting: number;
  readonly overall: number;
}): HostLanes {
  const lanes = new Map<string, Lane>();
  let all = 0;

  function enter(lane: Lane, signal: AbortSignal): Promise<void> {
    if (lane.running < perHost) {
      lane.running += 1;
      return Promise.resolve();
    }
    if (lane.waiting.size >= waiting) throw new OutboundFailed("busy");
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = (): void => {
      lane.waiting.delete(go);
      reject(new OutboundFailed("timeout"));
    };
    const go = (): void => {
      signal.removeEventListener("abort", giveUp);
      resolve();
    };
    lane.waiting.add(go);
    signal.addEventListener("abort", giveUp, { once: true });
    return promise;
  }

  function leave(host: string, lane: Lane): void {
    const [next] = lane.waiting;
    if (next === undefined) {
      lane.running -= 1;
      if (lane.running === 0) lanes.delete(host);
      return;
    }
    // The place is handed over: `running` stays.
    lane.waiting.delete(next);
    next();
  }

  return {
    async run(host, signal, work) {
      if (all >= overall) throw new OutboundFailed("busy");
      all += 1;
      try {
        const lane = lanes.get(host) ?? { running: 0, waiting: new Set() };
        lanes.set(host, lane);
        await enter(lane, signal);
        try {
          return await work();
        } finally {
          leave(host, lane);
        }
      } finally {
        all -= 1;
      }
    },
  };
}
