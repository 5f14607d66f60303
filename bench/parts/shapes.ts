import { closing, type Started } from "../closing.ts";
import { grpcClient } from "../grpc-client.ts";
import type { Case, Round, Usage } from "../measure.ts";
import type { Part } from "../part.ts";
import { table } from "../report.ts";
import { interleaved } from "../rounds.ts";
import { startKoderId, type KoderIdServer } from "../targets/koder-id.ts";
import { koderIdProvider } from "../targets/koder-id-provider.ts";
import { startSplitKoderId } from "../targets/koder-id-split.ts";
import { startBenchPostgres } from "../targets/postgres.ts";
import { limits, startLimits, workNames } from "../works/limits.ts";
import { ownUserCase } from "../works/user-cases.ts";
import { tokenCases, type WorkName } from "../works/token-cases.ts";

const shapeNames = ["one process, sqlite", "one process, PostgreSQL", "split, sqlite", "split, PostgreSQL"] as const;
type ShapeName = (typeof shapeNames)[number];

interface Shape {
  readonly name: ShapeName;
  readonly usage: Usage;
  readonly cases: Readonly<Record<WorkName | "gRPC GetUser", Case>>;
  readonly resident: () => number;
}

interface Row {
  readonly work: WorkName | "gRPC GetUser";
  /** Undefined where no bare server does what nobody can avoid. */
  readonly limit: Round | undefined;
  readonly shapes: readonly (Round & { readonly name: ShapeName })[];
}

/** Requests of a round: fewer than elsewhere, because the split shapes take several times as long for one. */
const counts: Readonly<Record<Row["work"], number>> = {
  client_credentials: 600,
  refresh: 400,
  "code → tokens": 300,
  introspection: 600,
  userinfo: 600,
  "sign-in journey": 120,
  discovery: 3_000,
  JWKS: 3_000,
  "gRPC GetUser": 500,
};

const program = "with-remembered-hash";

/** The same works in every shape, side by side. */
export const shapes: Part = {
  name: "shapes",
  async run({ quick }) {
    const rounds = quick ? 1 : 3;
    return closing(async (started) => {
      const limit = await started(startLimits());
      const contestants = await startShapes(started);
      const rows: Row[] = [];
      for (const work of [...workNames, "gRPC GetUser"] as const) {
        const isUsers = work === "gRPC GetUser";
        const taken = await interleaved(
          [
            ...(isUsers ? [] : [{ name: "limit", usage: limit.usage, case: limit.case(limits[work]) }]),
            ...contestants.map(({ name, usage, cases }) => ({ name, usage, case: cases[work] })),
          ],
          { count: Math.ceil(counts[work] / (quick ? 3 : 1)), rounds },
        );
        const found = shapeNames.flatMap((name) => {
          const round = taken.get(name);
          return round === undefined ? [] : [{ name, ...round }];
        });
        const row = { work, limit: taken.get("limit"), shapes: found };
        process.stdout.write(`${cells(row).join("  ")}\n`);
        rows.push(row);
      }
      const memory = contestants.map(({ name, resident }) => ({ name, resident: resident() }));
      return { figures: { rows, memory }, markdown: markdown(rows, memory) };
    });
  },
};

async function startShapes(started: Started): Promise<readonly Shape[]> {
  const postgres = await started(startBenchPostgres());
  const [first, second] = [await postgres.createDatabase(), await postgres.createDatabase()];
  const servers: readonly (readonly [ShapeName, KoderIdServer])[] = [
    ["one process, sqlite", await started(startKoderId({ program }))],
    [
      "one process, PostgreSQL",
      postgres.measured(await started(startKoderId({ program, env: { KODER_ID_STORE: first } }))),
    ],
    ["split, sqlite", await started(startSplitKoderId({ program }))],
    [
      "split, PostgreSQL",
      postgres.measured(await started(startSplitKoderId({ program, env: { KODER_ID_STORE: second } }))),
    ],
  ];
  const ready: Shape[] = [];
  for (const [name, server] of servers) {
    const cases = tokenCases(await koderIdProvider(server));
    const client = grpcClient(server.identity, server.apiKey);
    await started(Promise.resolve({ stop: async () => client.close() }));
    const { usage, resident } = server;
    ready.push({ name, usage, resident, cases: { ...cases, "gRPC GetUser": ownUserCase(client) } });
  }
  return ready;
}

/** × limit, and microseconds: of our processes, and of the database beside them. */
function cells({ work, limit, shapes: all }: Row): readonly string[] {
  return [
    work,
    limit === undefined ? "–" : `${limit.cpu.toFixed(0)} µs`,
    ...all.map(({ cpu, database }) => {
      const multiple = limit === undefined ? "" : `**${(cpu / limit.cpu).toFixed(2)}** · `;
      return `${multiple}${cpu.toFixed(0)}${database === 0 ? "" : ` + ${database.toFixed(0)}`} µs`;
    }),
  ];
}

function markdown(
  rows: readonly Row[],
  memory: readonly { readonly name: string; readonly resident: number }[],
): string {
  return [
    table(["Work", "limit", ...shapeNames], rows.map(cells)),
    "",
    table(
      ["Requests/s, and p50 / p99 in ms", "", ...shapeNames],
      rows.map(({ work, shapes: all }) => [
        work,
        "",
        ...all.map(({ rate, p50, p99 }) => `${rate.toFixed(0)} · ${p50.toFixed(1)} / ${p99.toFixed(1)}`),
      ]),
    ),
    "",
    `Resident after it: ${memory.map(({ name, resident }) => `${name} ${resident.toFixed(0)} MiB`).join(", ")}.`,
  ].join("\n");
}
