import { measure, type Case, type Round, type RoundOptions, type Usage } from "./measure.ts";

/** Somebody who answers a case. */
export interface Contestant {
  readonly name: string;
  readonly usage: Usage;
  readonly case: Case;
}

/**
 * Requests after which what answers them is compiled: V8 by itself takes a function for its last compiler when it was called some
 * 3,000 times. Before, a request costs up to twice as much, and the more code it runs the longer.
 */
export const compiledAfter = 4_000;

/**
 * Rounds of everybody in turn, so that a slow minute of the machine is everybody's, after one that does not count, of at least
 * `warmUp` requests: warm is what is measured. Answers the medians.
 */
export async function interleaved(
  contestants: readonly Contestant[],
  { rounds, warmUp = 0, ...options }: RoundOptions & { readonly rounds: number; readonly warmUp?: number },
): Promise<ReadonlyMap<string, Round>> {
  const taken = new Map<string, Round[]>(contestants.map(({ name }) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const { name, usage, case: one } of contestants) {
      const count = round < 0 ? Math.max(options.count, warmUp) : options.count;
      const measured = await measure(usage, one, { ...options, count });
      if (round >= 0) taken.get(name)?.push(measured);
    }
  }
  return new Map(Array.from(taken, ([name, all]) => [name, medianRound(all)]));
}

/** Two who did the same in turns. */
export interface Pairs {
  readonly base: Round;
  readonly other: Round;
  /** The other's CPU time as a multiple of the base's: the median over the pairs of the server's, and with the database's. */
  readonly ratio: number;
  readonly ratioWithDatabase: number;
}

/** Pairs of rounds, every other one the other way round, after one that does not count. */
export async function pairs(count: number, base: () => Promise<Round>, other: () => Promise<Round>): Promise<Pairs> {
  const taken: { readonly base: Round; readonly other: Round }[] = [];
  for (let pair = -1; pair < count; pair++) {
    const isTurned = Math.abs(pair) % 2 === 1;
    const first = await (isTurned ? other : base)();
    const second = await (isTurned ? base : other)();
    if (pair >= 0) taken.push(isTurned ? { base: second, other: first } : { base: first, other: second });
  }
  const total = ({ cpu, database }: Round) => cpu + database;
  return {
    base: medianRound(taken.map((pair) => pair.base)),
    other: medianRound(taken.map((pair) => pair.other)),
    ratio: median(taken.map((pair) => pair.other.cpu / pair.base.cpu)),
    ratioWithDatabase: median(taken.map((pair) => total(pair.other) / total(pair.base))),
  };
}

function medianRound(all: readonly Round[]): Round {
  const middle = (pick: (round: Round) => number) => median(all.map(pick));
  return {
    cpu: middle(({ cpu }) => cpu),
    database: middle(({ database }) => database),
    rate: middle(({ rate }) => rate),
    p50: middle(({ p50 }) => p50),
    p99: middle(({ p99 }) => p99),
  };
}

/** The middle one. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
