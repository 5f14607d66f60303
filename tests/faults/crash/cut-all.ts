import { isDeepStrictEqual } from "node:util";
import { commitsOf, momentsOf, orderOf } from "./commits.ts";
import type { CrashingServer } from "./crashing-server.ts";
import type { CutAttempt, CutWrite } from "./public-write.ts";

/** What was found of a write. */
export interface Found {
  /** The services that committed, in order. */
  readonly order: readonly string[];
  /** After how many of its commits it was cut: the server was killed, and what must be true then was looked at. */
  readonly cutAfter: readonly number[];
  /** What was not so, each with the moment. */
  readonly failures: readonly Error[];
}

/** A write that is cut at one of its moments. */
interface Cut {
  readonly write: CutWrite;
  readonly moment: number;
}

/** How many are cut by one crash: the last one's check must not come when what it was given has run out. */
const inOneCrash = 16;

/**
 * Cuts each write after each of its commits. Many are held at their moments at once, and one crash cuts them all: a request that
 * gets no further is as unfinished as one whose process is dead, and until the crash nothing finishes it.
 */
export async function cutAll(
  server: CrashingServer,
  writes: readonly CutWrite[],
): Promise<ReadonlyMap<CutWrite, Found>> {
  const found = new Map<CutWrite, { order: readonly string[]; cutAfter: number[]; failures: Error[] }>();
  /** Does a step of a write; what fails is that write's alone. */
  async function step<Result>(write: CutWrite, when: string, take: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await take();
    } catch (cause) {
      found.get(write)?.failures.push(new Error(`${write.name}, ${when}: ${String(cause)}`, { cause }));
      return undefined;
    }
  }
  const cuts: Cut[] = [];
  for (const write of writes) {
    found.set(write, { order: [], cutAfter: [], failures: [] });
    await step(write, "without a crash", async () => {
      const commits = await usualCommits(server, write);
      found.set(write, { order: orderOf(commits), cutAfter: [], failures: [] });
      cuts.push(...momentsOf(commits).map((moment) => ({ write, moment })));
    });
  }
  for (let from = 0; from < cuts.length; from += inOneCrash) await cutTogether(cuts.slice(from, from + inOneCrash));
  return found;

  async function cutTogether(together: readonly Cut[]): Promise<void> {
    const prepared = new Map<Cut, CutAttempt>();
    for (const cut of together) {
      const attempt = await step(cut.write, `before commit ${cut.moment}`, () => cut.write.prepare(server));
      if (attempt !== undefined) prepared.set(cut, attempt);
    }
    const held = new Map<Cut, CutAttempt>();
    for (const [cut, attempt] of prepared) {
      await step(cut.write, `at commit ${cut.moment}`, async () => {
        await server.hold(cut.moment, () => attempt.call());
        held.set(cut, attempt);
      });
    }
    await server.kill();
    // What is not open then was closed by the start, and not by what goes on after it.
    server.setQuiet(true);
    await server.start();
    for (const [{ write, moment }, attempt] of held) {
      await step(write, `after commit ${moment}`, () => attempt.nothingOpen());
    }
    server.setQuiet(false);
    for (const [{ write, moment }, attempt] of held) {
      await step(write, `after commit ${moment}`, () => attempt.heal());
      found.get(write)?.cutAfter.push(moment);
    }
  }
}

/** What a write commits once what is made once for all is there, such as a tenant's key. */
async function usualCommits(server: CrashingServer, write: CutWrite) {
  const commits = await commitsOf(server, write);
  const isUsual = isDeepStrictEqual(orderOf(commits), write.order) && !commits.some(({ owner }) => owner === "vault");
  return isUsual ? commits : commitsOf(server, write);
}
