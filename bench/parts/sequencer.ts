import { closing } from "../closing.ts";
import { measure } from "../measure.ts";
import type { Part } from "../part.ts";
import { table } from "../report.ts";
import { pairs, type Pairs } from "../rounds.ts";
import { startKoderId } from "../targets/koder-id.ts";
import { koderIdProvider } from "../targets/koder-id-provider.ts";
import { startBenchPostgres } from "../targets/postgres.ts";
import { holdSequencer } from "../targets/sequencer-holder.ts";
import { tokenCases } from "../works/token-cases.ts";

interface Row {
  readonly store: "sqlite" | "PostgreSQL";
  /** The base has its events left in the outbox; the other has them moved to the log, and followed there. */
  readonly refresh: Pairs;
}

/** What a refresh, which is one event, costs with its event sequenced, and without. */
export const sequencer: Part = {
  name: "sequencer",
  async run({ quick }) {
    const rows: Row[] = [];
    for (const store of ["sqlite", "PostgreSQL"] as const) {
      const refresh = await measureOn(store, { count: quick ? 200 : 600, rounds: quick ? 2 : 7 });
      process.stdout.write(`${cells({ store, refresh }).join("  ")}\n`);
      rows.push({ store, refresh });
    }
    const header = ["Store", "µs a refresh, idle", "µs, sequencing", "**times**", "**the sequencer, µs an event**"];
    return { figures: { rows }, markdown: table(header, rows.map(cells)) };
  },
};

async function measureOn(
  store: Row["store"],
  { count, rounds }: { readonly count: number; readonly rounds: number },
): Promise<Pairs> {
  return closing(async (started) => {
    const postgres = store === "sqlite" ? undefined : await started(startBenchPostgres());
    const url = await postgres?.createDatabase();
    const process = await started(startKoderId({ env: url === undefined ? {} : { KODER_ID_STORE: url } }));
    const server = postgres?.measured(process) ?? process;
    const { refresh } = tokenCases(await koderIdProvider(server));
    const holder = await started(
      holdSequencer({ url: url ?? `sqlite:${process.dataDir}/koder-id.db`, pid: process.pid }),
    );
    return pairs(
      rounds,
      async () => {
        await holder.hold();
        return measure(server.usage, refresh, { count });
      },
      async () => {
        await holder.letGo();
        return measure(server.usage, refresh, { count, settle: holder.sequenced });
      },
    );
  });
}

/** Ours and, where it is a process of its own, the database. */
function cells({ store, refresh: { base, other, ratioWithDatabase } }: Row): readonly string[] {
  const both = ({ cpu, database }: Pairs["base"]) => cpu + database;
  const parts = ({ cpu, database }: Pairs["base"]) =>
    database === 0 ? cpu.toFixed(0) : `${cpu.toFixed(0)} + ${database.toFixed(0)}`;
  return [
    store,
    parts(base),
    parts(other),
    `**${ratioWithDatabase.toFixed(2)}**`,
    `**${(both(base) * (ratioWithDatabase - 1)).toFixed(0)}**`,
  ];
}
