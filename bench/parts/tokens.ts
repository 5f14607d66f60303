import { closing } from "../closing.ts";
import type { Round } from "../measure.ts";
import type { Part } from "../part.ts";
import { cpuMicroseconds } from "../process-usage.ts";
import { table } from "../report.ts";
import { compiledAfter, interleaved } from "../rounds.ts";
import { startProcess } from "../server-process.ts";
import { startKoderId } from "../targets/koder-id.ts";
import { koderIdProvider } from "../targets/koder-id-provider.ts";
import { oidcProvider } from "../targets/oidc-provider.ts";
import { countOf, limits, startLimits, workNames } from "../works/limits.ts";
import { tokenCases, type WorkName } from "../works/token-cases.ts";
import { measureAbove, aboveTable } from "./above.ts";

interface Row {
  readonly work: WorkName;
  readonly limit: Round;
  readonly ours: Round;
  readonly memory: Round;
  readonly sqlite: Round;
}

/** Every work of one process on sqlite, beside its limit and beside the peer. */
export const tokens: Part = {
  name: "tokens",
  async run({ quick }) {
    const rows = await closing(async (started) => {
      const limit = await started(startLimits());
      const ours = await started(startKoderId({ program: "with-remembered-hash" }));
      const memory = await started(startProcess("bench/servers/oidc-provider.ts"));
      const sqlite = await started(startProcess("bench/servers/oidc-provider.ts", { BENCH_ADAPTER: "sqlite" }));
      const cases = {
        ours: tokenCases(await koderIdProvider(ours)),
        memory: tokenCases(oidcProvider(memory)),
        sqlite: tokenCases(oidcProvider(sqlite)),
      };
      const usageOf = ({ pid }: { readonly pid: number }) => ({ server: () => cpuMicroseconds(pid) });
      const measured: Row[] = [];
      for (const work of workNames) {
        const taken = await interleaved(
          [
            { name: "limit", usage: limit.usage, case: limit.case(limits[work]) },
            { name: "ours", usage: ours.usage, case: cases.ours[work] },
            { name: "memory", usage: usageOf(memory), case: cases.memory[work] },
            { name: "sqlite", usage: usageOf(sqlite), case: cases.sqlite[work] },
          ],
          { count: countOf(work, quick), rounds: quick ? 1 : 3, warmUp: quick ? 0 : compiledAfter },
        );
        const of = (name: string): Round => {
          const round = taken.get(name);
          if (round === undefined) throw new Error(`${name} was not measured`);
          return round;
        };
        const row = { work, limit: of("limit"), ours: of("ours"), memory: of("memory"), sqlite: of("sqlite") };
        process.stdout.write(`${verdict(row)}\n`);
        measured.push(row);
      }
      return measured;
    });
    const above = await measureAbove({ quick });
    return { figures: { rows, above }, markdown: `${markdown(rows)}\n\n${aboveTable(above)}` };
  },
};

const times = (a: Round, b: Round): string => (a.cpu / b.cpu).toFixed(2);

function markdown(rows: readonly Row[]): string {
  return table(
    [
      "Work",
      "limit",
      "limit, µs",
      "ours, µs",
      "**ours × limit**",
      "budget",
      "oidc-provider × limit: memory / sqlite",
      "requests/s: ours / memory / sqlite",
      "p50 / p99, ms",
    ],
    rows.map(({ work, limit, ours, memory, sqlite }) => [
      work,
      limits[work].words,
      limit.cpu.toFixed(0),
      ours.cpu.toFixed(0),
      `**${times(ours, limit)}**`,
      `${limits[work].budget}`,
      `${times(memory, limit)} / ${times(sqlite, limit)}`,
      `${ours.rate.toFixed(0)} / ${memory.rate.toFixed(0)} / ${sqlite.rate.toFixed(0)}`,
      `${ours.p50.toFixed(1)} / ${ours.p99.toFixed(1)}`,
    ]),
  );
}

/** A work in a line: what it costs beside what is asked of it, and beside the peer. */
function verdict({ work, limit, ours, memory, sqlite }: Row): string {
  const { budget } = limits[work];
  const standing = ours.cpu / limit.cpu <= budget ? "within its budget" : "OVER ITS BUDGET";
  return [
    `${work}: ${ours.cpu.toFixed(0)} µs, ${times(ours, limit)} × limit, ${standing} of ${budget}`,
    `${times(ours, memory)} × oidc-provider in memory, ${times(ours, sqlite)} × on sqlite`,
  ].join("; ");
}
