import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { registerClient, rest, tokenRequest } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { typed, typedJson } from "../support/typed-command.ts";

let server: RunningServer;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "koder-id-keys-"));
  server = await startServer();
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function keySet(): Promise<readonly Readonly<Record<string, string>>[]> {
  const response = await fetch(`${server.url}/oauth/v2/keys`);
  return ((await response.json()) as { keys: Record<string, string>[] }).keys;
}
const key = (...args: readonly string[]) =>
  typed(["key", ...args, "--url", server.url], { KODER_ID_DATA: server.dataDir });

describe("a rotation as the conformance suite looks at it", () => {
  test("a key comes that was not there before, the old one stays, and nothing private is shown", async () => {
    const before = await keySet();
    const { code, out, err } = await key("rotate");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^[\w-]{43} is published, and signs RS256 from \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: no relying/);
    await expect.poll(keySet, { timeout: 15_000 }).toHaveLength(2);
    const after = await keySet();
    expect(after.map(({ kid }) => kid)).toEqual(expect.arrayContaining(before.map(({ kid }) => kid)));
    for (const one of after) {
      expect(Object.keys(one).toSorted()).toEqual(["alg", "e", "kid", "kty", "n", "use"]);
      expect([one["kty"], one["alg"]]).toEqual(["RSA", "RS256"]);
    }
  });

  test("in an emergency another key signs at once, and the command says what that costs", async () => {
    const { code, out, err } = await key("rotate", "--now");
    expect([code, out]).toEqual([0, expect.stringMatching(/^[\w-]{43} signs RS256 now\./)]);
    expect(err).toMatch(/may refuse new tokens/);
  });

  test("after a leak no other key is left, and what it signed is refused", async () => {
    const client = await registerClient(server, { grant_types: ["client_credentials"], redirect_uris: [] });
    const token = async () =>
      String((await tokenRequest(server, client, { grant_type: "client_credentials" })).json["access_token"]);
    const signed = await token();
    // A program's token permits nothing, and is told so as long as it is good.
    const status = async (one: string) => (await rest(server, "GET", "/v1/admin/keys", undefined, one)).status;
    expect(await status(signed)).toBe(403);
    const { code, err } = await key("rotate", "--compromised");
    expect([code, err]).toEqual([0, expect.stringMatching(/^Every token signed until now is refused/)]);
    await expect.poll(() => status(signed), { timeout: 15_000 }).toBe(401);
    await expect.poll(keySet, { timeout: 15_000 }).toHaveLength(1);
    await expect.poll(async () => status(await token()), { timeout: 5_000 }).toBe(403);
  });

  test("keys are shown by REST as the command shows them", async () => {
    const { status, json } = await rest(server, "GET", "/v1/admin/keys");
    expect(status).toBe(200);
    const shown = await typedJson(["key", "list", "--url", server.url], { KODER_ID_API_KEY: server.adminApiKey });
    expect(shown["keys"]).toEqual(json["keys"]);
    const { out } = await key("list");
    expect(out).toMatch(/^[\w-]{43} {2}RS256 {2}current {2}signs since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n$/);
  });
});

describe("the first key of an algorithm, which signs at once", () => {
  test("is in the key set that was answered a moment ago without it", async () => {
    const algs = async () => (await keySet()).map(({ alg }) => alg);
    expect(await algs()).not.toContain("ES256");
    const asked = { identifier: "https://first.example.com", signing_alg: "ES256" };
    expect((await rest(server, "POST", "/v1/resource-servers", asked)).status).toBe(200);
    await expect.poll(algs, { timeout: 2_500, interval: 20 }).toContain("ES256");
  });
});

describe("who may not, and what cannot be", () => {
  test.each([
    ["GET", "/v1/admin/keys", undefined],
    ["POST", "/v1/admin/keys/rotate", { rotation: "SIGNING_KEY_ROTATION_COMPROMISED" }],
  ] as const)("%s %s needs the permission", async (method, path, body) => {
    const client = await registerClient(server, { grant_types: ["client_credentials"], redirect_uris: [] });
    const { json } = await tokenRequest(server, client, { grant_type: "client_credentials" });
    const before = await keySet();
    const answer = await rest(server, method, path, body, String(json["access_token"]));
    expect([answer.status, answer.json["error"]]).toEqual([
      403,
      expect.objectContaining({ reason: "PERMISSION_DENIED" }),
    ]);
    expect((await rest(server, method, path, body, "")).status).toBe(401);
    expect(await keySet()).toEqual(before);
  });

  test.each([
    [{ alg: "none" }, 400, "INVALID_REQUEST"],
    [{ alg: "HS256" }, 400, "INVALID_REQUEST"],
    [{ rotation: 9 }, 400, "INVALID_REQUEST"],
    [{ alg: "EdDSA" }, 404, "SIGNING_KEY_NOT_FOUND"],
  ])("%j is refused with its field", async (body, status, reason) => {
    const answer = await rest(server, "POST", "/v1/admin/keys/rotate", body);
    expect([answer.status, answer.json["error"]]).toEqual([status, expect.objectContaining({ reason })]);
    expect(JSON.stringify(answer.json)).toContain(Object.keys(body)[0]);
  });

  test("the command says what is wrong", async () => {
    const env = { KODER_ID_DATA: folder };
    const wrongKey = join(folder, "not-a-key");
    writeFileSync(wrongKey, "-----BEGIN PRIVATE KEY-----\n");
    for (const [args, code, sentence] of [
      [[], 2, "there is no API key: set KODER_ID_API_KEY or name --api-key-file"],
      [["--api-key-file", join(folder, "gone")], 2, "cannot be read"],
      [["--api-key-file", wrongKey], 2, `${wrongKey} holds no API key`],
      [["--url", "http://id.example.com"], 2, "--url must be https: an API key does not travel in the open"],
      [["--url", "ftp://x"], 2, "--url must be an origin"],
      [["--now", "--compromised"], 2, "--now and --compromised do not go together"],
    ] as const) {
      const said = await typed(["key", "rotate", ...args], env);
      expect([said.code, said.err]).toEqual([code, expect.stringContaining(sentence)]);
      expect(said.out).toBe("");
    }
    const away = await typed(["key", "list", "--url", "http://127.0.0.1:1"], { KODER_ID_API_KEY: "kak_x" });
    expect([away.code, away.err]).toEqual([1, expect.stringContaining("http://127.0.0.1:1 cannot be reached")]);
    const refused = await typed(["key", "list", "--url", server.url], { KODER_ID_API_KEY: "kak_x" });
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("(CREDENTIAL_INVALID)")]);
    const nobody = await key("list", "--tenant", "nobody");
    expect([nobody.code, nobody.err]).toEqual([1, expect.stringContaining("(TENANT_NOT_FOUND)")]);
  });
});
