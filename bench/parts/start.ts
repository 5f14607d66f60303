import { rmSync } from "node:fs";
import { joinedIn } from "../../services/joined-modules.ts";
import { closing } from "../closing.ts";
import type { Part } from "../part.ts";
import { residentMebibytes } from "../process-usage.ts";
import { table } from "../report.ts";
import { median } from "../rounds.ts";
import { startProcess } from "../server-process.ts";
import { startKoderId } from "../targets/koder-id.ts";
import { koderIdProvider } from "../targets/koder-id-provider.ts";
import { measure } from "../measure.ts";
import { tokenCases } from "../works/token-cases.ts";

/** A server as it stands ready. */
export interface Start {
  /** Milliseconds from spawning to the ready line, and of CPU until then. */
  readonly wall: number;
  readonly cpu: number;
  /** MiB resident. */
  readonly resident: number;
}

/** Cold starts, and memory, of one process on sqlite; a bare Fastify beside it. */
export const start: Part = {
  name: "start",
  async run({ quick }) {
    const first = await firstStart();
    const [ours, bare]: Start[][] = [[], []];
    for (let round = 0; round < (quick ? 3 : 9); round++) {
      ours?.push(await startOnce(() => startKoderId()));
      bare?.push(await startOnce(async () => withResident(await startProcess("bench/servers/bare-fastify.ts"))));
    }
    const figures = {
      first,
      ours: medianStart(ours ?? []),
      bare: medianStart(bare ?? []),
      afterTokens: await residentAfterTokens(quick ? 2_000 : 20_000),
    };
    const cells = ({ wall, cpu, resident }: Start) => [wall, cpu, resident].map((value) => value.toFixed(0));
    const rows = [
      ["ours, empty data folder, key generation included", "1,000 ms, 120 MiB", ...cells(figures.ours)],
      [
        "ours, the very first start after an installation, when nothing is compiled or joined",
        "",
        ...cells(figures.first),
      ],
      ["a bare Fastify", "", ...cells(figures.bare)],
    ];
    const { tokens, resident } = figures.afterTokens;
    const after = `Resident after ${tokens} tokens: ${resident.toFixed(0)} MiB (budget after 100,000 sessions: 150).`;
    const header = ["Start", "budget", "to ready, ms", "CPU, ms", "resident, MiB"];
    return { figures, markdown: `${table(header, rows)}\n\n${after}` };
  },
};

/** A start that finds nothing of what starts before it have kept. */
function firstStart(): Promise<Start> {
  rmSync(joinedIn().index, { force: true });
  return startOnce(() => startKoderId({ compiled: false }));
}

interface Started {
  readonly readyAfter: number;
  readonly cpuUntilReady: number;
  readonly resident: () => number;
  readonly stop: () => Promise<void>;
}

const withResident = (server: Omit<Started, "resident"> & { readonly pid: number }): Started => ({
  ...server,
  resident: () => residentMebibytes(server.pid),
});

/** Starts a server, looks at it, and stops it. */
export async function startOnce(starting: () => Promise<Started>): Promise<Start> {
  const server = await starting();
  const found = { wall: server.readyAfter, cpu: server.cpuUntilReady, resident: server.resident() };
  await server.stop();
  return found;
}

/** The median of each figure. */
export function medianStart(all: readonly Start[]): Start {
  const middle = (pick: (start: Start) => number) => median(all.map(pick));
  return { wall: middle(({ wall }) => wall), cpu: middle(({ cpu }) => cpu), resident: middle((one) => one.resident) };
}

/** Client credentials and refreshes in turns, until so many tokens were issued. */
async function residentAfterTokens(tokens: number): Promise<{ readonly tokens: number; readonly resident: number }> {
  return closing(async (started) => {
    const server = await started(startKoderId());
    const cases = tokenCases(await koderIdProvider(server));
    // A refresh gives two; measuring warms up with a tenth more.
    const count = Math.ceil(tokens / 3 / 1.1);
    await measure(server.usage, cases.client_credentials, { count });
    await measure(server.usage, cases.refresh, { count });
    return { tokens, resident: server.resident() };
  });
}
