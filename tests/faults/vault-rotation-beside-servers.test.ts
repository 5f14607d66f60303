import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { askDirectly, type DirectRequest } from "../support/direct-request.ts";
import {
  createPerson,
  refresh,
  registerClient,
  rest,
  tokenRequest,
  tokensFor,
  userinfoStatus,
  type Instance,
  type RelyingParty,
} from "../support/relying-party.ts";
import { startReplicas } from "../support/replicas.ts";
import { startServer } from "../support/server.ts";
import { typed, typedJson } from "../support/typed-command.ts";

/** What was issued before keys were rotated, and is used again and again after it. */
async function issuedBefore(server: Instance) {
  const { username } = await createPerson(server);
  const application = await registerClient(server);
  const program = await registerClient(server, { grant_types: ["client_credentials"], redirect_uris: [] });
  const first = await tokensFor(server, application, username);
  let { refreshToken } = first;
  return {
    application,
    username,
    /** Uses all of it: refresh token, client secrets, access token, browser session, API key, a password. */
    async allGood(when: string): Promise<void> {
      const refreshed = await refresh(server, application, refreshToken);
      expect(refreshed.status, `${when}: ${JSON.stringify(refreshed.json)}`).toBe(200);
      refreshToken = String(refreshed.json["refresh_token"]);
      expect(await userinfoStatus(server, first.accessToken), when).toBe(200);
      expect(await userinfoStatus(server, String(refreshed.json["access_token"])), when).toBe(200);
      expect((await tokenRequest(server, program, { grant_type: "client_credentials" })).status, when).toBe(200);
      expect((await rest(server, "GET", "/v1/users?page_size=1")).status, when).toBe(200);
      // By the session's cookie, without a password; and by the password, in a new browser.
      expect((await tokensFor(server, application, username, { browser: first.browser })).idToken, when).not.toBe("");
      expect((await tokensFor(server, application, username)).idToken, when).not.toBe("");
    },
  };
}

test("one server on sqlite goes on while all of its keys are rotated beside it, and after a restart", async () => {
  const server = await startServer();
  onTestFinished(() => server.stop());
  const env = { KODER_ID_DATA: server.dataDir };
  const before = await issuedBefore(server);
  await before.allGood("before");
  await typedJson(["vault", "rotate"], env);
  await before.allGood("with another master key");
  await typedJson(["vault", "rotate", "--retire"], env);
  await before.allGood("without the old master key");
  const { rotated } = await typedJson(
    ["vault", "rotate", "--tenant-keys", "--older-than", "0s", "--use-after", "0s"],
    env,
  );
  // The default tenant, and what stands above tenants.
  expect(rotated).toBe(2);
  await before.allGood("with new tenant keys");
  expect(await server.end()).toBe(0);
  const again = await startServer({
    dataDir: server.dataDir,
    env: { KODER_ID_LISTEN: `127.0.0.1:${new URL(server.url).port}` },
  });
  onTestFinished(() => again.stop());
  await before.allGood("after a restart");
  await typedJson(["vault", "rotate"], env);
  await before.allGood("with a third master key");
  expect(again.logs().filter((line) => /"level":[56]0/.test(line))).toEqual([]);
});

test("of two replicas one makes things by a key that the other has not read: they are good there", async () => {
  const replicas = await startReplicas();
  onTestFinished(() => replicas.stop());
  const before = await issuedBefore(replicas);
  await before.allGood("before");
  await typedJson(["vault", "rotate"], replicas.env);
  await typedJson(["vault", "rotate", "--tenant-keys", "--older-than", "0s", "--use-after", "0s"], replicas.env);
  // The first knows nothing of it yet, the second makes everything by the new keys.
  await replicas.restart(1);
  const [old, fresh] = replicas.servers();
  const ask = (server: typeof old, request: DirectRequest) => askDirectly(server.listening, replicas.url, request);
  const post = (path: string, body: string, headers: Readonly<Record<string, string>> = {}): DirectRequest => ({
    method: "POST",
    path,
    body,
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
  });
  const token = (client: RelyingParty, form: Readonly<Record<string, string>>) =>
    post("/oauth/v2/token", new URLSearchParams(form).toString(), {
      authorization: `Basic ${Buffer.from(`${client.clientId}:${client.clientSecret}`).toString("base64")}`,
    });
  const api = (path: string, body?: object): DirectRequest => ({
    method: body === undefined ? "GET" : "POST",
    path,
    headers: { authorization: `Bearer ${replicas.adminApiKey}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

  // A page token and the answer to a request id, made there and read here.
  for (const username of ["one", "two"]) await createPersonNamed(username);
  const page = await ask(fresh, api("/v1/users?page_size=1"));
  const next = encodeURIComponent(String(page.json["next_page_token"]));
  expect(next, "made by version 2").toMatch(/^AAAAA[g-v]/);
  expect((await ask(old, api(`/v1/users?page_size=1&page_token=${next}`))).status).toBe(200);

  // A client's secret, and the family of refresh tokens that goes to and fro.
  const made = await ask(
    fresh,
    api("/v1/clients", { client_name: "New", grant_types: ["client_credentials"], redirect_uris: [] }),
  );
  const client = { clientId: String(made.json["client_id"]), clientSecret: String(made.json["client_secret"]) };
  const asked = token({ ...client, redirectUri: "" }, { grant_type: "client_credentials" });
  for (const server of [old, fresh]) expect((await ask(server, asked)).status).toBe(200);

  let { refreshToken } = await tokensFor(replicas, before.application, before.username);
  for (const server of [fresh, old, fresh, old]) {
    const form = { grant_type: "refresh_token", refresh_token: refreshToken };
    const { status, json } = await ask(server, token(before.application, form));
    expect(status, JSON.stringify(json)).toBe(200);
    refreshToken = String(json["refresh_token"]);
  }
  await before.allGood("at both");
  expect(replicas.servers().flatMap((one) => one.logs().filter((line) => /"level":[56]0/.test(line)))).toEqual([]);

  async function createPersonNamed(username: string): Promise<void> {
    const { status } = await ask(fresh, api("/v1/users", { username, password: "correct horse battery staple" }));
    expect(status).toBe(200);
  }
});

test("a prepared master key wraps nothing until it is told to, so that other machines can have it first", async () => {
  const server = await startServer();
  onTestFinished(() => server.stop());
  const env = { KODER_ID_DATA: server.dataDir };
  const file = join(server.dataDir, "master-key");
  const [line] = readFileSync(file, "utf8").split("\n");
  const { prepared } = await typedJson(["vault", "rotate", "--prepare"], env);
  expect(readFileSync(file, "utf8").split("\n")[0]).toBe(line);
  expect(await typedJson(["vault", "rotate"], env)).toMatchObject({ wrapped: 0, is_new: false, kept: [prepared] });
  const { code, err } = await typed(["vault", "rotate", "--to", "0123456789abcdef"], env);
  expect([code, err]).toEqual([1, "koder-id vault rotate: the master key file has no key 0123456789abcdef\n"]);
  const done = await typedJson(["vault", "rotate", "--to", String(prepared)], env);
  expect(done).toMatchObject({ master_key: prepared, is_new: false, keys: 2, wrapped: 2 });
  expect((await rest(server, "GET", "/v1/users?page_size=1")).status).toBe(200);
});
