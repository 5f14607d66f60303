import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  authorizationRequest,
  createPerson,
  registerClient,
  rest,
  tokenRequest,
  tokensFor,
  userinfoStatus,
  type RelyingParty,
} from "../support/relying-party.ts";
import { metric, startTwoReplicas, type TwoReplicas } from "../support/two-replicas.ts";

let two: TwoReplicas;
beforeAll(async () => {
  two = await startTwoReplicas();
});
afterAll(() => two?.stop());

const service = () => registerClient(two.first, { grant_types: ["client_credentials"], redirect_uris: [] });
const basic = ({ clientId, clientSecret }: RelyingParty): string =>
  `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString("base64")}`;
const bearer = (token: unknown): string => `Bearer ${String(token)}`;
const adminKey = () => bearer(two.first.adminApiKey);

/** A token of the client's own, as the second replica gives it. */
const tokenOfSecond = (client: RelyingParty) =>
  two.ask(two.replicas[1], "/oauth/v2/token", {
    method: "POST",
    authorization: basic(client),
    form: { grant_type: "client_credentials" },
  });

/**
 * Deletes a client at the first replica, which the second remembers, and asks that one until it refuses it; answers after how
 * many milliseconds. Whatever it gave meanwhile is good nowhere.
 */
async function untilSecondRefuses(client: RelyingParty): Promise<number> {
  expect((await tokenOfSecond(client)).status).toBe(200);
  expect((await rest(two.first, "DELETE", `/v1/clients/${client.clientId}`)).status).toBe(200);
  const deleted = performance.now();
  for (let answer = await tokenOfSecond(client); answer.status !== 401; answer = await tokenOfSecond(client)) {
    expect(performance.now() - deleted).toBeLessThan(10_000);
    expect(answer.status).toBe(200);
    const authorization = bearer(answer.json["access_token"]);
    for (const replica of two.replicas) {
      // One that was good would be told that it lacks a permission.
      expect(await two.ask(replica, "/v1/users", { authorization })).toMatchObject({
        status: 401,
        json: { error: { reason: "CREDENTIAL_INVALID" } },
      });
    }
    await delay(10);
  }
  return Math.round(performance.now() - deleted);
}

/** Runs `work` while nobody sequences, and makes sure that this was so. */
async function withStalledLog<Result>(work: () => Promise<Result>): Promise<Result> {
  const goOn = await two.stallLog();
  try {
    const before = await two.waiting();
    const result = await work();
    expect(await two.waiting()).toBeGreaterThan(before);
    return result;
  } finally {
    await goOn();
    await expect.poll(() => two.waiting(), { timeout: 15_000 }).toBe(0);
  }
}

describe("what one replica remembers and another changes", () => {
  test("a client deleted at one is refused by the other within a second, by the event log", async () => {
    const times: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const client = await service();
      await two.settled(); // else the event of its creation would do
      times.push(await untilSecondRefuses(client));
    }
    console.info(`a client deleted at one replica was refused by the other after ${times.join(", ")} ms`);
    // The middle one: another process of the machine may have its turn once.
    expect(times.toSorted((a, b) => a - b)[1]).toBeLessThan(1_500);
  });

  test("and after five seconds when the log stands still", async () => {
    // Made while it does, so that no event of the client is on its way any more.
    const time = await withStalledLog(async () => untilSecondRefuses(await service()));
    console.info(`with the event log stalled it was refused after ${time} ms`);
    expect(time).toBeLessThan(6_000);
  });

  test("a client that one remembers as unknown is known there once it was made at the other", async () => {
    const clientId = `made-later-${Date.now()}`;
    const unknown = { clientId, clientSecret: "none", redirectUri: "" };
    expect((await tokenOfSecond(unknown)).status).toBe(401);
    const made = await registerClient(two.first, {
      client_id: clientId,
      grant_types: ["client_credentials"],
      redirect_uris: [],
    });
    await expect.poll(async () => (await tokenOfSecond(made)).status, { timeout: 10_000 }).toBe(200);
  });

  test("how a tenant looks is changed on the pages of the other within a second, by the event log", async () => {
    const [, second] = two.replicas;
    const shown = async () => (await two.ask(second, "/")).text;
    for (const primary_color of ["#0f766e", "#7a1fa2"]) {
      await shown(); // remembered, as it was
      await two.settled();
      expect((await rest(two.first, "PATCH", "/v1/admin/branding", { primary_color })).status).toBe(200);
      await expect.poll(shown, { timeout: 2_500, interval: 20 }).toContain(`--accent:${primary_color}`);
    }
  });

  test("a code that a replica gives for a client which it does not know to be deleted is good for nothing", async () => {
    await withStalledLog(async () => {
      const client = await registerClient(two.first);
      const person = await createPerson(two.first);
      const { browser } = await tokensFor(two.first, client, person.username);
      const [, second] = two.replicas;
      const deletion = { method: "DELETE", authorization: adminKey() };
      expect((await two.ask(second, `/v1/clients/${client.clientId}`, deletion)).status).toBe(200);
      // The browser is signed in, at a replica that still remembers the client.
      const { url, codeVerifier } = authorizationRequest(two.first, client);
      const answer = await browser.get(url);
      const code = new URL(answer.headers.get("location") ?? "about:blank", two.first.url).searchParams.get("code");
      const { json } = await tokenRequest(two.first, client, {
        grant_type: "authorization_code",
        code: code ?? "none",
        redirect_uri: client.redirectUri,
        code_verifier: codeVerifier,
      });
      const accessToken = typeof json["access_token"] === "string" ? json["access_token"] : "none";
      expect(await userinfoStatus(two.first, accessToken)).toBe(401);
    });
  });
});

describe("what somebody may do by their roles", () => {
  /** A person who may read people by a role, through a group or by themselves, and what takes that away at the first replica. */
  async function reader(how: "unassigned" | "out of the group" | "the role permits less") {
    const [person, client, role, group] = await Promise.all([
      createPerson(two.first),
      registerClient(two.first, { scope: "openid users.read" }),
      rest(two.first, "POST", "/v1/roles", { name: `reader-${(readers += 1)}`, permissions: ["users.read"] }),
      rest(two.first, "POST", "/v1/groups", { name: `readers-${readers}` }),
    ]);
    const [roleId, groupId] = [String(role.json["id"]), String(group.json["id"])];
    const isByGroup = how === "out of the group";
    const to = isByGroup ? { group_id: groupId } : { user_id: person.id };
    const given = await rest(two.first, "POST", `/v1/roles/${roleId}/assignments`, to);
    expect(given.status, JSON.stringify(given.json)).toBe(200);
    const joined = await rest(two.first, "POST", `/v1/groups/${groupId}/members`, { user_id: person.id });
    expect(joined.status, JSON.stringify(joined.json)).toBe(200);
    const parameters = { scope: "openid users.read" };
    const { accessToken } = await tokensFor(two.first, client, person.username, { parameters });
    const [, second] = two.replicas;
    const readsAtSecond = async () =>
      (await two.ask(second, "/v1/users?page_size=1", { authorization: bearer(accessToken) })).status;
    const takeAway = () => {
      if (how === "the role permits less") return rest(two.first, "PATCH", `/v1/roles/${roleId}`, { permissions: [] });
      return isByGroup
        ? rest(two.first, "DELETE", `/v1/groups/${groupId}/members/${person.id}`)
        : rest(two.first, "DELETE", `/v1/roles/${roleId}/assignments/${String(given.json["id"])}`);
    };
    await expect.poll(readsAtSecond, { timeout: 10_000 }).toBe(200);
    return { readsAtSecond, takeAway };
  }
  let readers = 0;

  /** After how many milliseconds the second replica refuses what it remembers to be permitted. */
  async function untilRefused({ readsAtSecond, takeAway }: Awaited<ReturnType<typeof reader>>): Promise<number> {
    expect(await readsAtSecond()).toBe(200);
    const { status, json } = await takeAway();
    expect(status, JSON.stringify(json)).toBe(200);
    const taken = performance.now();
    for (let answer = 200; answer !== 403; answer = await readsAtSecond()) {
      expect(answer).toBe(200);
      expect(performance.now() - taken).toBeLessThan(10_000);
      await delay(10);
    }
    return Math.round(performance.now() - taken);
  }

  test.each(["unassigned", "out of the group", "the role permits less"] as const)(
    "%s at one replica: the other does not permit it any more, by the event log or within five seconds",
    async (how) => {
      const one = await reader(how);
      await two.settled();
      const byLog = await untilRefused(one);
      const byTime = await withStalledLog(async () => untilRefused(await reader(how)));
      console.info(
        `${how} at one replica was refused by the other after ${byLog} ms, with the log stalled after ${byTime} ms`,
      );
      expect(byLog).toBeLessThan(2_500);
      expect(byTime).toBeLessThan(6_000);
    },
  );
});

describe("A3: what was revoked at one replica is refused by the other at the very next request", () => {
  const client = { current: undefined as RelyingParty | undefined };
  beforeAll(async () => {
    client.current = await registerClient(two.first);
  });
  async function signedIn(scope: string) {
    const person = await createPerson(two.first);
    const rp = client.current;
    if (rp === undefined) throw new Error("no client");
    const tokens = await tokensFor(two.first, rp, person.username, { parameters: { scope } });
    const [, second] = two.replicas;
    const ofSecond = {
      userinfo: async () =>
        (await two.ask(second, "/oidc/v1/userinfo", { authorization: bearer(tokens.accessToken) })).status,
      api: async () => (await two.ask(second, "/v1/users/me", { authorization: bearer(tokens.accessToken) })).status,
      refresh: () =>
        two.ask(second, "/oauth/v2/token", {
          method: "POST",
          authorization: basic(rp),
          form: { grant_type: "refresh_token", refresh_token: tokens.refreshToken },
        }),
    };
    // Whatever it remembers of the token, it remembers from now on.
    expect([await ofSecond.userinfo(), await ofSecond.api()]).toEqual([200, 200]);
    return { person, ...ofSecond };
  }
  const offline = "openid profile email offline_access";

  test.each([
    [
      "a user who was disabled",
      (id: string) => rest(two.first, "PATCH", `/v1/users/${id}`, { status: "USER_STATUS_DISABLED" }),
    ],
    [
      "a user whose password was set",
      (id: string) => rest(two.first, "POST", `/v1/users/${id}/password`, { password: "another long pass phrase" }),
    ],
  ])("%s, by the epoch, also while the log stands still", async (_what, revoke) => {
    for (const round of ["by userinfo", "by an RPC", "by a refresh"] as const) {
      const one = await signedIn(offline);
      await withStalledLog(async () => {
        expect((await revoke(one.person.id)).status).toBe(200);
        // The first request after the answer, each time.
        if (round === "by userinfo") expect(await one.userinfo()).toBe(401);
        else if (round === "by an RPC") expect(await one.api()).toBe(401);
        else expect(await one.refresh()).toMatchObject({ status: 400, json: { error: "invalid_grant" } });
      });
    }
  });

  test("a session that was revoked, also while the log stands still", async () => {
    const one = await signedIn("openid");
    const { json } = await rest(two.first, "GET", `/v1/users/${one.person.id}/sessions`);
    const [session] = json["sessions"] as { readonly id: string }[];
    await withStalledLog(async () => {
      expect((await rest(two.first, "DELETE", `/v1/sessions/${session?.id ?? ""}`)).status).toBe(200);
      expect(await one.userinfo()).toBe(401);
      expect(await one.api()).toBe(401);
    });
  });
});

test("the process that sequences shows it, and every process shows where it follows", async () => {
  await two.settled();
  const of = (name: string) => Promise.all(two.replicas.map((replica) => metric(replica, name)));
  const holders = async () => (await of("koder_id_sequencer_has_lease")).reduce((sum, has) => sum + has, 0);
  await expect.poll(holders, { timeout: 15_000 }).toBe(1);
  expect(Math.max(...(await of("koder_id_events_sequenced_total")))).toBeGreaterThan(10);
  await withStalledLog(async () => {
    await registerClient(two.first);
    // Both look at what waits, although neither can move it.
    for (const replica of two.replicas) {
      await expect
        .poll(() => metric(replica, "koder_id_sequencer_lag_seconds"), { timeout: 15_000 })
        .toBeGreaterThan(0.5);
    }
    await expect.poll(holders, { timeout: 15_000 }).toBe(0);
  });
  const lag = async () => Math.max(...(await of("koder_id_sequencer_lag_seconds")));
  await expect.poll(lag, { timeout: 15_000 }).toBe(0);
  for (const seconds of await of('koder_id_log_reader_lag_seconds{reader="caches"}')) {
    expect(seconds).toBeGreaterThanOrEqual(0);
  }
});
