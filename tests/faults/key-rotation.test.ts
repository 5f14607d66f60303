import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from "jose";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  createPerson,
  refresh,
  registerClient,
  rest,
  tokenRequest,
  tokensFor,
  userinfoStatus,
  type Instance,
} from "../support/relying-party.ts";
import { startReplicas } from "../support/replicas.ts";
import { startServer } from "../support/server.ts";
import { typedJson } from "../support/typed-command.ts";

// Relying parties keep the key set for a second here, so that a key signs 16 seconds after it was published.
const env = { KODER_ID_KEY_SET_MAX_AGE: "1s" };

/** A relying party that keeps the key set for exactly as long as it may, and fetches it for no other reason. */
function strictRelyingParty(server: Instance) {
  let kept: { readonly until: number; readonly keys: Promise<JSONWebKeySet> } | undefined;
  async function fetchKeys(): Promise<JSONWebKeySet> {
    const response = await fetch(`${server.url}/oauth/v2/keys`);
    expect(response.headers.get("cache-control")).toBe("public, max-age=1");
    return (await response.json()) as JSONWebKeySet;
  }
  return {
    async verify(token: string): Promise<void> {
      if (kept === undefined || Date.now() >= kept.until) kept = { until: Date.now() + 1_000, keys: fetchKeys() };
      await jwtVerify(token, createLocalJWKSet(await kept.keys), { issuer: server.url, algorithms: ["RS256"] });
    },
  };
}

/** What clients do all the time, until they are told to stop, and everything that they were refused. */
async function clientsAtWork(server: Instance) {
  const { username } = await createPerson(server);
  const application = await registerClient(server);
  const program = await registerClient(server, { grant_types: ["client_credentials"], redirect_uris: [] });
  let { refreshToken } = await tokensFor(server, application, username);
  const relyingParty = strictRelyingParty(server);
  const [people, programs]: string[][] = [[], []];
  const kids = new Set<string>();
  const failures: string[] = [];
  const done = { tokens: 0, refreshes: 0, userinfo: 0, calls: 0, verified: 0 };
  const work = { goesOn: true };

  async function good(token: string): Promise<void> {
    await relyingParty.verify(token);
    done.verified += 1;
  }
  /** One of those that were issued, at any time. */
  const any = (tokens: readonly string[] | undefined): string =>
    tokens?.[Math.floor(Math.random() * tokens.length)] ?? "";
  async function issued(answer: Awaited<ReturnType<typeof tokenRequest>>, kept: string[] | undefined) {
    if (answer.status !== 200) throw new Error(`the token endpoint answered ${answer.status}`);
    const token = String(answer.json["access_token"]);
    kids.add(String(decodeProtectedHeader(token).kid));
    kept?.push(token);
    await good(token);
    return answer.json;
  }
  const loops: readonly (() => Promise<void>)[] = [
    async () => {
      await issued(await tokenRequest(server, program, { grant_type: "client_credentials" }), programs);
      done.tokens += 1;
    },
    async () => {
      const json = await issued(await refresh(server, application, refreshToken), people);
      refreshToken = String(json["refresh_token"]);
      await good(String(json["id_token"]));
      done.refreshes += 1;
    },
    async () => {
      const token = any(people);
      if (token === "") return;
      await good(token);
      const status = await userinfoStatus(server, token);
      if (status !== 200) throw new Error(`userinfo answered ${status}`);
      done.userinfo += 1;
    },
    async () => {
      const token = any(programs);
      if (token === "") return;
      await good(token);
      // A program's token proves who it is, and permits nothing: 403 is said of a good one only.
      const { status } = await rest(server, "GET", "/v1/users", undefined, token);
      if (status !== 403) throw new Error(`an RPC answered ${status}`);
      done.calls += 1;
    },
  ];
  const running = loops.map(async (loop, at) => {
    while (work.goesOn) {
      await loop().catch((error: unknown) => void failures.push(`${at}: ${String(error)}`));
      await pause(50);
    }
  });
  return {
    kids,
    done,
    async stop(): Promise<readonly string[]> {
      work.goesOn = false;
      await Promise.all(running);
      // Nothing of what was issued has ended: each is looked at once more.
      for (const token of [...(people ?? []), ...(programs ?? [])].slice(-200)) await good(token);
      return failures;
    },
  };
}

/** Rotates by command, and waits until tokens are signed with the key that it told of. */
async function rotate(server: Instance, kids: ReadonlySet<string>): Promise<void> {
  const before = await publishedKids(server);
  const answer = await typedJson(["key", "rotate", "--url", server.url], { KODER_ID_API_KEY: server.adminApiKey });
  const kid = String(answer["kid"]);
  expect(before).not.toContain(kid);
  await expect.poll(() => publishedKids(server), { timeout: 15_000 }).toContain(kid);
  expect(await publishedKids(server)).toEqual(expect.arrayContaining([...before]));
  await expect.poll(() => kids.has(kid), { timeout: 60_000, interval: 100 }).toBe(true);
}

async function publishedKids(server: Instance): Promise<readonly string[]> {
  const { keys } = (await (await fetch(`${server.url}/oauth/v2/keys`)).json()) as JSONWebKeySet;
  return keys.map(({ kid }) => kid ?? "");
}

describe("keys rotated by command while clients work: no request fails, and every token is good until it ends", () => {
  test.each(["one server on sqlite", "two on PostgreSQL"])("%s", { timeout: 240_000 }, async (shape) => {
    const several = shape === "two on PostgreSQL";
    const server = several ? await startReplicas(env) : await startServer({ env });
    onTestFinished(() => server.stop());
    const clients = await clientsAtWork(server);
    const rotations = several ? 3 : 1;
    for (let round = 0; round < rotations; round += 1) await rotate(server, clients.kids);
    expect(await clients.stop()).toEqual([]);
    expect(clients.kids.size).toBe(rotations + 1);
    for (const [what, count] of Object.entries(clients.done)) expect(count, what).toBeGreaterThan(20);
    process.stdout.write(`${shape}: ${rotations} rotations, ${JSON.stringify(clients.done)}\n`);
  });
});
