import { closing } from "../closing.ts";
import { createByRest } from "../http-client.ts";
import { measure, type Round } from "../measure.ts";
import type { Part } from "../part.ts";
import { table } from "../report.ts";
import { median } from "../rounds.ts";
import { defaultArgon2 } from "../../services/identity/passwords/argon2.ts";
import { startKoderId } from "../targets/koder-id.ts";
import { koderIdProvider } from "../targets/koder-id-provider.ts";
import { createStormyPeople, startStorm } from "../works/storm.ts";
import { tokenCases } from "../works/token-cases.ts";
import { wrongPassword } from "../works/wrong-password.ts";

/** People of a storm. */
const people = 64;
/** How many times its idle p99 the token endpoint may take during one. */
const budget = 5;
/** Token requests side by side: services that ask now and then, not a load of their own. */
const askers = 4;

/** The token endpoint while many people sign in with passwords, and whether an answer's time tells who has an account. */
export const signIns: Part = {
  name: "sign-ins",
  run: ({ quick }) =>
    closing(async (started) => {
      const server = await started(startKoderId());
      const provider = await koderIdProvider(server);
      await createStormyPeople(server, people);
      const request = tokenCases(provider).client_credentials;
      const count = quick ? 300 : 2_000;
      await measure(server.usage, request, { count: 2 * count });

      const rounds: { readonly idle: Round; readonly stormy: Round }[] = [];
      let [signedIn, refused] = [0, 0];
      for (let round = 0; round < (quick ? 1 : 5); round++) {
        const idle = await measure(server.usage, request, { count, workers: askers });
        const storm = startStorm(provider, people);
        const stormy = await measure(server.usage, request, { count, workers: askers });
        const ended = await storm.end();
        [signedIn, refused] = [signedIn + ended.signedIn, refused + ended.refused];
        rounds.push({ idle, stormy });
      }
      const ratio = median(rounds.map(({ idle, stormy }) => stormy.p99 / idle.p99));
      process.stdout.write(`p99 in a storm: ${ratio.toFixed(1)} × idle, budget ${budget}\n`);

      const tries = quick ? 40 : 200;
      const known: number[] = [];
      const unknown: number[] = [];
      for (let at = 0; at < tries + warmUps; at++) {
        const username = `somebody-${at}`;
        await createByRest(server.site, server.apiKey, "/v1/users", { username, password: "a good pass phrase" });
        // In turns, and every other time the other way round.
        const both = [() => wrongPassword(provider, username), () => wrongPassword(provider, `nobody-${at}`)] as const;
        const first = at % 2;
        const times = [Number.NaN, Number.NaN];
        times[first] = await both[first === 0 ? 0 : 1]();
        times[1 - first] = await both[first === 0 ? 1 : 0]();
        if (at < warmUps) continue;
        known.push(times[0] ?? Number.NaN);
        unknown.push(times[1] ?? Number.NaN);
      }
      const told = shareSlower(known, unknown);
      const figures = { rounds, ratio, signedIn, refused, known, unknown, told };
      return { figures, markdown: markdown(figures) };
    }),
};

/** Tries that do not count: the first ones compile. */
const warmUps = 20;

/** How often one of `a` takes longer than one of `b`, over all pairs: 0.5 where the time tells nothing. */
export function shareSlower(a: readonly number[], b: readonly number[]): number {
  const wins = a.flatMap((one) => b.map((other) => (one > other ? 1 : one === other ? 0.5 : 0)));
  return wins.reduce<number>((sum, win) => sum + win, 0) / wins.length;
}

function markdown(found: {
  readonly rounds: readonly { readonly idle: Round; readonly stormy: Round }[];
  readonly ratio: number;
  readonly signedIn: number;
  readonly refused: number;
  readonly known: readonly number[];
  readonly unknown: readonly number[];
  readonly told: number;
}): string {
  const p = (pick: (round: (typeof found.rounds)[number]) => number) => median(found.rounds.map(pick)).toFixed(1);
  const { memoryCost, timeCost, parallelism } = defaultArgon2;
  const storm = table(
    ["client_credentials", "p50, ms", "p99, ms"],
    [
      ["idle", p(({ idle }) => idle.p50), p(({ idle }) => idle.p99)],
      [`${people} people signing in`, p(({ stormy }) => stormy.p50), p(({ stormy }) => stormy.p99)],
    ],
  );
  const enumeration = table(
    ["A wrong password for", "tries", "median, ms"],
    [
      ["somebody", `${found.known.length}`, median(found.known).toFixed(2)],
      ["nobody", `${found.unknown.length}`, median(found.unknown).toFixed(2)],
    ],
  );
  return `Argon2id with ${memoryCost / 1024} MiB, ${timeCost} passes, ${parallelism} lane.

${storm}

p99 in the storm: **${found.ratio.toFixed(1)} ×** idle (budget ${budget}). Of those who signed in, ${found.signedIn} were let in at once and ${found.refused} were
told to come later.

${enumeration}

Somebody took longer than nobody in ${(100 * found.told).toFixed(0)} % of all pairs (50: the time tells nothing).`;
}
