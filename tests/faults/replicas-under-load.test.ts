import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPerson, registerClient } from "../support/relying-party.ts";
import { startPostgres, type RunningPostgres } from "../support/postgres.ts";
import { clientRequest, type ClientAnswer } from "./load/client-request.ts";
import type { Acknowledged, LoadClient } from "./load/load.ts";
import { placeOf } from "./load/refresh-token-place.ts";
import { startReplicas, type Replicas } from "./load/replicas.ts";
import { isInvalidGrant, signInLoad } from "./load/sign-in-load.ts";
import { summaryTable } from "./load/summary-table.ts";
import { createTally } from "./load/tally.ts";
import { clientCredentialsLoad, refreshLoad, refreshUntilAnswered } from "./load/token-load.ts";
import { tokenRequestOf } from "./load/token-request.ts";

// Two replicas on one PostgreSQL that syncs to disk, behind a balancer: people sign in, applications redeem, refresh and get
// tokens of their own, while one replica after the other is killed and the database is restarted. What was acknowledged is
// looked at afterwards, on each replica.

const kills = 10;
/** After which kill the database is restarted, and how, while the killed replica starts again. */
const databaseRestarts: ReadonlyMap<number, "fast" | "immediate"> = new Map([
  [3, "fast"],
  [7, "immediate"],
]);
/** Successes between two kills, so that each finds clients at work. */
const successesBetween = 40;
const signInWorkers = 2;
const refreshWorkers = 5;
const credentialsWorkers = 2;
/** Questions at once, afterwards. */
const atOnce = 8;

let postgres: RunningPostgres;
let replicas: Replicas;
beforeAll(async () => {
  postgres = await startPostgres();
  replicas = await startReplicas(await postgres.createDatabase());
});
afterAll(async () => {
  await replicas?.stop();
  await postgres?.stop();
});

/** For 10 starts on a slow machine, in milliseconds: it waits for successes, not for times. */
const patience = 300_000;

test(
  "replicas killed and the database restarted under load: nothing acknowledged is lost, nothing given twice",
  {
    timeout: patience,
  },
  async () => {
    const server = { url: replicas.origin, adminApiKey: replicas.adminApiKey };
    const client = await registerClient(server, {
      grant_types: ["authorization_code", "refresh_token", "client_credentials"],
    });
    const people = await Promise.all(Array.from({ length: 12 }, () => createPerson(server)));
    const usernames = people.map(({ username }) => username);

    const tally = createTally({ address: replicas.address, origin: replicas.origin });
    const acknowledged: Acknowledged = { tokens: [], families: [], codes: [] };
    let isOver = false;
    const load: LoadClient = { tally, client, isOver: () => isOver };
    const share = <Item>(items: readonly Item[], of: number, at: number) => items.filter((_item, n) => n % of === at);
    const workers = Promise.all([
      ...Array.from({ length: signInWorkers }, (_, at) =>
        signInLoad(load, share(usernames, signInWorkers, at), acknowledged),
      ),
      ...Array.from({ length: refreshWorkers }, (_, at) =>
        refreshLoad(load, acknowledged, { share: at, of: refreshWorkers }),
      ),
      ...Array.from({ length: credentialsWorkers }, () => clientCredentialsLoad(load, acknowledged)),
    ]);

    const successes = () => [...tally.counts.values()].reduce((sum, { succeeded }) => sum + succeeded, 0);
    const away: number[] = [];
    for (let kill = 1; kill <= kills; kill += 1) {
      const before = successes();
      await expect.poll(successes, { timeout: 30_000, interval: 20 }).toBeGreaterThan(before + successesBetween);
      const mode = databaseRestarts.get(kill);
      const [back] = await Promise.all([
        replicas.killAndRestart(kill % 2),
        mode === undefined ? undefined : postgres.restart(mode),
      ]);
      away.push(back);
    }
    const before = successes();
    await expect.poll(successes, { timeout: 30_000, interval: 20 }).toBeGreaterThan(before + successesBetween);
    isOver = true;
    await workers;

    // 503 with Retry-After and lost connections are counted; whatever else was not asked for is here.
    expect(tally.surprises).toEqual([]);
    const lost = [...tally.counts.values()].reduce((sum, one) => sum + one.unavailable + one.connectionErrors, 0);
    expect(lost, "no fault met a request").toBeGreaterThan(0);
    const checked = await check(load, acknowledged);
    const faults = {
      kills,
      failedStarts: replicas.failedStarts(),
      databaseRestarts: [...databaseRestarts.values()],
      away,
    };
    const table = summaryTable(tally, faults, checked);
    process.stdout.write(`\n${table}\n`);
    const folder = join(import.meta.dirname, "../../.cache");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "replicas-under-load.md"), table);
    expect(tally.surprises).toEqual([]);
  },
);

/** Looks at everything that was acknowledged, on each replica; answers how much it was. */
async function check(load: LoadClient, { tokens, families, codes }: Acknowledged): Promise<Record<string, number>> {
  const places = replicas.addresses().map((address) => ({ address, origin: replicas.origin }));
  const { client } = load;
  const ask = (place: number, form: Readonly<Record<string, string>>) =>
    clientRequest(places[place % places.length] ?? { address: "", origin: "" }, tokenRequestOf(client, form));
  expect(places).toHaveLength(2);

  // Each access token is honoured on both replicas, unless a rule has ended its family; a client's own token is honoured
  // where it is refused for its scope alone.
  const honoured = tokens.filter(({ family }) => family?.ended === undefined);
  const voided = tokens.filter(({ family }) => family?.ended === "code raced");
  const userinfo = async (accessToken: string) => {
    const headers = { authorization: `Bearer ${accessToken}` };
    const asked = { method: "GET", path: "/oidc/v1/userinfo", headers } as const;
    return Promise.all(places.map(async (place) => (await clientRequest(place, asked)).status));
  };
  await each(honoured, async ({ accessToken, family }) => {
    expect(await userinfo(accessToken)).toEqual(family === undefined ? [403, 403] : [200, 200]);
  });
  await each(voided, async ({ accessToken }) => expect(await userinfo(accessToken)).toEqual([401, 401]));

  // Each family is one line: one grant, whose generations were acknowledged one after the other without a gap.
  for (const { line } of families) {
    const family = placeOf(line[0] ?? "").family;
    expect(line.map(placeOf)).toEqual(line.map((_token, at) => ({ family, generation: at + 1 })));
  }
  expect(new Set(families.map(({ line }) => placeOf(line[0] ?? "").family)).size).toBe(families.length);
  // The latest token of each still works, or gives the successor whose answer was lost; the one that it gives works on the
  // other replica; and the one before is refused then, and ends the line on both.
  const live = families.filter(({ ended }) => ended === undefined);
  await each(live, async (family) => {
    await refreshUntilAnswered(load, family, { tokens: [], families: [], codes: [] });
    if (family.ended !== undefined) return;
    const [before = "", latest = ""] = family.line.slice(-2);
    const next = await ask(1, { grant_type: "refresh_token", refresh_token: latest });
    expect(next.status, next.text).toBe(200);
    expectRefused(await ask(0, { grant_type: "refresh_token", refresh_token: before }));
    expectRefused(await ask(1, { grant_type: "refresh_token", refresh_token: latest }));
  });

  // No code was redeemed twice, and none is that was. One whose answer was lost may have been redeemed or not.
  expect(codes.filter(({ redeemed }) => redeemed > 1)).toEqual([]);
  await each(codes, async (code) => {
    const form = {
      grant_type: "authorization_code",
      code: code.code,
      redirect_uri: client.redirectUri,
      code_verifier: code.codeVerifier,
    };
    const answers = [await ask(0, form), await ask(1, form), await ask(0, form)];
    const first = answers[0]?.status === 200 && code.redeemed === 0 && !code.isKnown ? answers.slice(1) : answers;
    for (const answer of first) expectRefused(answer);
  });
  return {
    "access tokens honoured on both replicas": honoured.length,
    "access tokens void because their code was used twice at once": voided.length,
    "families with one line of successors": families.length,
    "generations of the longest line": Math.max(...families.map(({ line }) => line.length)),
    "codes, none redeemed twice": codes.length,
    "codes whose answer was lost": codes.filter(({ isKnown }) => !isKnown).length,
  };
}

function expectRefused(answer: ClientAnswer): void {
  expect(isInvalidGrant(answer), `${answer.status} ${answer.text}`).toBe(true);
}

/** Does something with each, a few at once. */
async function each<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = items.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const item of left) await work(item);
    }),
  );
}
