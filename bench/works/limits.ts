import { send, siteOf } from "../http-client.ts";
import type { Case, Usage } from "../measure.ts";
import { cpuMicroseconds } from "../process-usage.ts";
import { startProcess } from "../server-process.ts";
import type { WorkName } from "./token-cases.ts";

/** What the limit of a work does: requests, one after the other, to bench/servers/limits.ts; the budget, × limit. */
export interface Limit {
  readonly path: string;
  readonly requests?: number;
  readonly budget: number;
  /** Where its limit is said in words. */
  readonly words: string;
}

/** The limits and budgets of the works. */
export const limits: Readonly<Record<WorkName, Limit>> = {
  client_credentials: { path: "/signature", budget: 1.4, words: "1 signature" },
  refresh: { path: "/signatures-commit", budget: 1.35, words: "2 signatures, 1 commit" },
  "code → tokens": { path: "/signatures-commit", budget: 1.35, words: "2 signatures, 1 commit" },
  introspection: { path: "/verification-read", budget: 3, words: "1 verification, 1 read" },
  userinfo: { path: "/verification-read", budget: 3, words: "1 verification, 1 read" },
  "sign-in journey": { path: "/commit", requests: 3, budget: 2, words: "3 answers, 3 commits" },
  discovery: { path: "/answer", budget: 2, words: "1 answer" },
  JWKS: { path: "/answer", budget: 2, words: "1 answer" },
};

/** The names of the works. */
export const workNames = Object.keys(limits) as readonly WorkName[];

/** Requests of a round: enough for the clock to be exact, few enough for many rounds. */
export function countOf(work: WorkName, quick: boolean): number {
  const counts: Readonly<Record<WorkName, number>> = {
    client_credentials: 1_500,
    refresh: 800,
    "code → tokens": 800,
    introspection: 3_000,
    userinfo: 3_000,
    "sign-in journey": 400,
    discovery: 10_000,
    JWKS: 10_000,
  };
  return quick ? Math.ceil(counts[work] / 4) : counts[work];
}

/** The bare server, and the cases that it answers. */
export async function startLimits(): Promise<{
  readonly usage: Usage;
  readonly case: (limit: Pick<Limit, "path" | "requests">) => Case;
  stop(): Promise<void>;
}> {
  const server = await startProcess("bench/servers/limits.ts");
  const site = siteOf(String(server.ready["url"]));
  return {
    usage: { server: () => cpuMicroseconds(server.pid) },
    case: ({ path, requests = 1 }) => ({
      async request() {
        for (let sent = 0; sent < requests; sent++) await send(site, "POST", path);
      },
    }),
    stop: () => server.stop(),
  };
}
