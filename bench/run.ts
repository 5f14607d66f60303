import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { send } from "./http-client.ts";
import { measure, median, type Case, type Round } from "./measure.ts";
import { residentMebibytes } from "./process-usage.ts";
import { verdict, writeReport, type Report, type Row, type Start } from "./report.ts";
import { startProcess, type ServerProcess } from "./server-process.ts";
import { koderIdProvider, startKoderId } from "./targets/koder-id.ts";
import { oidcProvider } from "./targets/oidc-provider.ts";
import { tokenCases, type CaseName } from "./targets/token-cases.ts";

// npm run bench [-- --quick]: ours, the limits and the peer through the same load in the same run; writes bench/results/ and,
// unless it is quick, docs/performance.md.

const quick = process.argv.includes("--quick");
const rounds = quick ? 1 : 3;
const starts = quick ? 3 : 9;

/** Requests of a round, what the limit does, the budget and what is asked of it now (× limit). */
const plan: Readonly<Record<CaseName, { count: number; limit: string; budget: number; now: number }>> = {
  client_credentials: { count: 2_000, limit: "/signature", budget: 1.4, now: 1.7 },
  refresh: { count: 1_200, limit: "/signatures-commit", budget: 1.35, now: 1.7 },
  "code → tokens": { count: 1_000, limit: "/signatures-commit", budget: 1.35, now: 1.7 },
  discovery: { count: 20_000, limit: "/answer", budget: 2, now: 3 },
  JWKS: { count: 20_000, limit: "/answer", budget: 2, now: 3 },
};

/** Tokens that an answer of a case holds. */
const tokensOf: Readonly<Record<CaseName, number>> = {
  client_credentials: 1,
  refresh: 2,
  "code → tokens": 2,
  discovery: 0,
  JWKS: 0,
};

const running: ServerProcess[] = [];
async function started<Server extends ServerProcess>(server: Promise<Server>): Promise<Server> {
  const one = await server;
  running.push(one);
  return one;
}

try {
  // A server that was started before finds its code compiled; what the very first start costs is told apart.
  const first = await startKoderId({ compiled: false });
  const firstStart = { wall: first.readyAfter, cpu: first.cpuUntilReady, resident: residentMebibytes(first.pid) };
  await first.stop();
  const ours = await started(startKoderId());
  const idle = residentMebibytes(ours.pid);
  const limits = await started(startProcess("bench/servers/limits.ts"));
  const memory = await started(startProcess("bench/servers/oidc-provider.ts"));
  const sqlite = await started(startProcess("bench/servers/oidc-provider.ts", { BENCH_ADAPTER: "sqlite" }));
  const cases = {
    ours: tokenCases(await koderIdProvider(ours)),
    memory: tokenCases(oidcProvider(memory)),
    sqlite: tokenCases(oidcProvider(sqlite)),
  };

  const rows: Row[] = [];
  let tokensIssued = 0;
  let afterLoad: { readonly resident: number; readonly tokensIssued: number } | undefined;
  for (const name of Object.keys(plan) as CaseName[]) {
    const { limit, budget, now } = plan[name];
    const count = quick ? Math.ceil(plan[name].count / 4) : plan[name].count;
    const limitCase: Case = { request: async () => void (await send(String(limits.ready["url"]), "POST", limit)) };
    const contestants: readonly [string, number, Case][] = [
      ["limit", limits.pid, limitCase],
      ["ours", ours.pid, cases.ours[name]],
      ["memory", memory.pid, cases.memory[name]],
      ["sqlite", sqlite.pid, cases.sqlite[name]],
    ];
    const taken = new Map<string, Round[]>(contestants.map(([who]) => [who, []]));
    // Warm is what is measured: before that everybody answers a round that does not count.
    for (const [, pid, one] of contestants) await measure(pid, one, count);
    // Interleaved, so that a slow minute of the machine is everybody's.
    for (let round = 0; round < rounds; round++) {
      for (const [who, pid, one] of contestants) taken.get(who)?.push(await measure(pid, one, count));
    }
    const of = (who: string): Round => {
      const all = taken.get(who) ?? [];
      const middle = (pick: (round: Round) => number) => median(all.map(pick));
      return {
        cpu: middle(({ cpu }) => cpu),
        rate: middle(({ rate }) => rate),
        p50: middle(({ p50 }) => p50),
        p99: middle(({ p99 }) => p99),
      };
    };
    const row = { name, budget, now, limit: of("limit"), ours: of("ours"), memory: of("memory"), sqlite: of("sqlite") };
    rows.push(row);
    process.stdout.write(`${verdict(row)}\n`);
    tokensIssued += Math.round((rounds + 1) * 1.1 * count * tokensOf[name]);
    if (afterLoad === undefined && tokensIssued >= (quick ? 1_500 : 10_000)) {
      afterLoad = { resident: residentMebibytes(ours.pid), tokensIssued };
    }
  }
  for (const server of running.splice(0)) await server.stop();

  const report: Report = {
    machine: `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cores, Node ${process.version}`,
    rows,
    memory: { idle, afterLoad: afterLoad?.resident ?? Number.NaN, tokensIssued: afterLoad?.tokensIssued ?? 0 },
    coldStart: {
      first: firstStart,
      ours: await coldStarts(() => startKoderId()),
      bare: await coldStarts(() => startProcess("bench/servers/bare-fastify.ts")),
    },
  };
  mkdirSync(join(import.meta.dirname, "results"), { recursive: true });
  writeFileSync(join(import.meta.dirname, "results/latest.json"), `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(writeReport(report, { file: quick ? undefined : "docs/performance.md" }));
} finally {
  for (const server of running) await server.stop();
}

/** Starts and stops a server several times. */
async function coldStarts(start: () => Promise<ServerProcess>): Promise<Start> {
  const taken: Start[] = [];
  for (let i = 0; i < starts; i++) {
    const server = await start();
    taken.push({ wall: server.readyAfter, cpu: server.cpuUntilReady, resident: residentMebibytes(server.pid) });
    await server.stop();
  }
  const middle = (pick: (start: Start) => number) => median(taken.map(pick));
  return { wall: middle(({ wall }) => wall), cpu: middle(({ cpu }) => cpu), resident: middle((one) => one.resident) };
}
