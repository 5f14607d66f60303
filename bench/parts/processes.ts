import { closing } from "../closing.ts";
import type { Round } from "../measure.ts";
import type { Part } from "../part.ts";
import { table } from "../report.ts";
import { interleaved } from "../rounds.ts";
import { startKoderId } from "../targets/koder-id.ts";
import { koderIdProvider } from "../targets/koder-id-provider.ts";
import { startBenchPostgres } from "../targets/postgres.ts";
import { countOf } from "../works/limits.ts";
import { tokenCases } from "../works/token-cases.ts";

const works = ["client_credentials", "refresh"] as const;
const stores = ["sqlite", "PostgreSQL"] as const;
const processCounts = [1, 2] as const;

interface Row {
  readonly work: (typeof works)[number];
  readonly store: (typeof stores)[number];
  readonly processes: number;
  readonly round: Round;
}

/** Tokens a second by one process and by two that share the port. */
export const processes: Part = {
  name: "processes",
  async run({ quick }) {
    return closing(async (started) => {
      const postgres = await started(startBenchPostgres());
      const servers = [];
      for (const store of stores) {
        for (const count of processCounts) {
          const env = {
            ...(count === 1 ? {} : { KODER_ID_PROCESSES: `${count}` }),
            ...(store === "sqlite" ? {} : { KODER_ID_STORE: await postgres.createDatabase() }),
          };
          const server = await started(startKoderId({ env }));
          const { usage, resident } = store === "sqlite" ? server : postgres.measured(server);
          const cases = tokenCases(await koderIdProvider(server));
          servers.push({ name: `${store}, ${count}`, store, count, usage, resident, cases });
        }
      }
      const rows: Row[] = [];
      for (const work of works) {
        const taken = await interleaved(
          servers.map(({ name, usage, cases }) => ({ name, usage, case: cases[work] })),
          { count: countOf(work, quick), rounds: quick ? 1 : 3 },
        );
        for (const { name, store, count } of servers) {
          const round = taken.get(name);
          if (round !== undefined) rows.push({ work, store, processes: count, round });
        }
      }
      const memory = servers.map(({ name, resident }) => ({ name, resident: resident() }));
      return { figures: { rows, memory }, markdown: markdown(rows, memory) };
    });
  },
};

function markdown(
  rows: readonly Row[],
  memory: readonly { readonly name: string; readonly resident: number }[],
): string {
  return [
    table(
      [
        "Work",
        "store",
        "processes",
        "requests/s",
        "µs of CPU: ours + database",
        "cores that ours used",
        "p50 / p99, ms",
      ],
      rows.map(({ work, store, processes: count, round: { cpu, database, rate, p50, p99 } }) => [
        work,
        store,
        `${count}`,
        `**${rate.toFixed(0)}**`,
        `${cpu.toFixed(0)}${database === 0 ? "" : ` + ${database.toFixed(0)}`}`,
        ((cpu * rate) / 1_000_000).toFixed(2),
        `${p50.toFixed(1)} / ${p99.toFixed(1)}`,
      ]),
    ),
    "",
    `Resident after it: ${memory.map(({ name, resident }) => `${name} ${resident.toFixed(0)} MiB`).join(", ")}.`,
  ].join("\n");
}
