import { setTimeout } from "node:timers/promises";
import { closing, type Started } from "../closing.ts";
import { grpcClient } from "../grpc-client.ts";
import { populatedPostgres, populatedSqlite, type PopulatedFolder } from "../load/populated-folder.ts";
import type { Population } from "../load/population.ts";
import { measure, type Case, type Usage } from "../measure.ts";
import type { Part, Thoroughness } from "../part.ts";
import { table } from "../report.ts";
import { compiledAfter, pairs, type Pairs } from "../rounds.ts";
import { startKoderId, type KoderIdOptions } from "../targets/koder-id.ts";
import { koderIdProvider } from "../targets/koder-id-provider.ts";
import { startBenchPostgres, type BenchPostgres } from "../targets/postgres.ts";
import { countOf } from "../works/limits.ts";
import { tokenCases, type WorkName } from "../works/token-cases.ts";
import { userCases, type UserWorkName } from "../works/user-cases.ts";
import { medianStart, startOnce, type Start } from "./start.ts";

type ScaleWork = Extract<WorkName, "client_credentials" | "refresh" | "sign-in journey"> | UserWorkName;

/** Requests of a round of what is measured here alone. */
const userCounts: Readonly<Record<UserWorkName, number>> = {
  CreateUser: 800,
  GetUser: 2_000,
  "ListUsers, first page": 800,
  "ListUsers, by prefix": 1_500,
  "ListUsers, by e-mail": 2_000,
};
const tokenWorks = ["client_credentials", "refresh", "sign-in journey"] as const;
const userWorks = Object.keys(userCounts) as readonly UserWorkName[];

/** The store that the others are measured against: empty but for as many users as a page holds. */
const empty: Population = { tenants: 1, users: 200 };
const many = { full: { tenants: 10_000, users: 1_000_000 }, quick: { tenants: 100, users: 10_000 } } as const;

/** How long a server has nothing to do before its memory is looked at again, in milliseconds. */
const rest = 30_000;

interface OnStore {
  readonly store: "sqlite" | "PostgreSQL";
  readonly works: readonly { readonly work: ScaleWork; readonly pairs: Pairs }[];
  readonly start: { readonly base: Start; readonly other: Start };
  /** MiB after the works, and once the server had nothing to do for a while. */
  readonly resident: { readonly base: number; readonly other: number };
  readonly rested: { readonly base: number; readonly other: number };
}

/** What a call costs where many tenants and users are, as a multiple of what it costs where few are. */
export const scale: Part = {
  name: "scale",
  async run(thoroughness) {
    const population = thoroughness.quick ? many.quick : many.full;
    const found: OnStore[] = [];
    for (const store of ["sqlite", "PostgreSQL"] as const) found.push(await measureOn(store, population, thoroughness));
    return { figures: { population, found }, markdown: markdown(found, population) };
  },
};

async function measureOn(store: OnStore["store"], population: Population, { quick }: Thoroughness): Promise<OnStore> {
  return closing(async (started) => {
    const postgres = store === "sqlite" ? undefined : await started(startBenchPostgres());
    async function populated(people: Population): Promise<Pick<KoderIdOptions, "env"> & { readonly dataDir: string }> {
      const url = await postgres?.createDatabase();
      const made: Promise<PopulatedFolder> =
        url === undefined ? populatedSqlite(people) : populatedPostgres(url, people);
      const { dataDir } = await started(made);
      return { dataDir, env: url === undefined ? {} : { KODER_ID_STORE: url } };
    }
    const folders = { base: await populated(empty), other: await populated(population) };

    const starts: { readonly base: Start[]; readonly other: Start[] } = { base: [], other: [] };
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      for (const side of ["base", "other"] as const) {
        starts[side].push(await startOnce(() => startKoderId(folders[side])));
      }
    }
    const start = { base: medianStart(starts.base), other: medianStart(starts.other) };

    const base = await startSide(folders.base, empty.users, postgres, started);
    // The default tenant has half of them.
    const other = await startSide(folders.other, population.users / 2, postgres, started);
    const works: { readonly work: ScaleWork; readonly pairs: Pairs }[] = [];
    for (const work of [...tokenWorks, ...userWorks]) {
      const options = { count: Math.ceil(countOfWork(work) / (quick ? 2 : 1)) };
      for (const { usage, cases } of [base, other]) {
        await measure(usage, cases[work], { count: Math.max(options.count, quick ? 0 : compiledAfter) });
      }
      const taken = await pairs(
        quick ? 2 : 9,
        () => measure(base.usage, base.cases[work], options),
        () => measure(other.usage, other.cases[work], options),
      );
      process.stdout.write(`${store}, ${work}: ${cells(taken).join("  ")}\n`);
      works.push({ work, pairs: taken });
    }
    const resident = { base: base.resident(), other: other.resident() };
    await setTimeout(rest);
    return { store, works, start, resident, rested: { base: base.resident(), other: other.resident() } };
  });
}

function countOfWork(work: ScaleWork): number {
  return work in userCounts ? userCounts[work as UserWorkName] : countOf(work as WorkName, false);
}

async function startSide(
  options: KoderIdOptions,
  users: number,
  postgres: BenchPostgres | undefined,
  started: Started,
): Promise<{
  readonly usage: Usage;
  readonly cases: Readonly<Record<ScaleWork, Case>>;
  readonly resident: () => number;
}> {
  const process = await started(startKoderId({ ...options, program: "with-remembered-hash" }));
  const { usage, resident, identity, apiKey } = postgres?.measured(process) ?? process;
  const client = grpcClient(identity, apiKey);
  await started(Promise.resolve({ stop: async () => client.close() }));
  const cases = { ...tokenCases(await koderIdProvider(process)), ...userCases(client, users) };
  return { usage, resident, cases };
}

function cells({ base, other, ratio, ratioWithDatabase }: Pairs): readonly string[] {
  const parts = ({ cpu, database }: Pairs["base"]) =>
    database === 0 ? cpu.toFixed(0) : `${cpu.toFixed(0)} + ${database.toFixed(0)}`;
  const multiple =
    base.database === 0 ? `**${ratio.toFixed(2)}**` : `**${ratio.toFixed(2)}**, ${ratioWithDatabase.toFixed(2)}`;
  return [parts(base), parts(other), multiple];
}

function markdown(found: readonly OnStore[], { tenants, users }: Population): string {
  const works = [...tokenWorks, ...userWorks];
  const row = (work: ScaleWork) =>
    found.flatMap((one) => cells((one.works.find((it) => it.work === work) ?? fail(work)).pairs));
  const of = (name: string, pick: (one: OnStore) => readonly [number, number], unit: string): readonly string[] => [
    name,
    ...found.flatMap((one) => {
      const [base, other] = pick(one);
      return [`${base.toFixed(0)} ${unit}`, `${other.toFixed(0)} ${unit}`, (other / base).toFixed(2)];
    }),
  ];
  return [
    `${number(tenants)} tenants and ${number(users)} users, half of them in the tenant that is asked; budget 1.10.`,
    "",
    table(
      [
        "Work, µs of CPU a call",
        ...found.flatMap(({ store }) => [
          `${store}, empty`,
          "full",
          store === "sqlite" ? "**×**" : "**×**, with database",
        ]),
      ],
      [
        ...works.map((work) => [work, ...row(work)]),
        of("cold start to ready", ({ start }) => [start.base.wall, start.other.wall], "ms"),
        of("resident, just started", ({ start }) => [start.base.resident, start.other.resident], "MiB"),
        of("resident, after the works", ({ resident }) => [resident.base, resident.other], "MiB"),
        of(`resident, ${rest / 1000} s later`, ({ rested }) => [rested.base, rested.other], "MiB"),
      ],
    ),
  ].join("\n");
}

const number = (value: number): string => value.toLocaleString("en");

function fail(work: string): never {
  throw new Error(`${work} was not measured`);
}
