import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createKoderId, type KoderId } from "../../services/koder-id.ts";
import { loadConfig } from "../../services/host/config.ts";
import { createPerson, refresh, registerClient, rest, tokensFor, userinfoStatus } from "../support/relying-party.ts";

let instance: KoderId;
let dataDir: string;
const lines: string[] = [];
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "koder-id-frozen-"));
  const config = loadConfig({
    KODER_ID_LISTEN: "127.0.0.1:0",
    KODER_ID_SERVICE_BASE_PORT: "0",
    KODER_ID_DATA: dataDir,
    KODER_ID_STORE: "memory:",
  });
  const log = pino({ level: "warn" }, { write: (line: string) => void lines.push(line) });
  instance = await createKoderId({ config, log, freeze: true });
});
afterAll(async () => {
  for (const { stop } of instance?.stopSteps ?? []) await stop();
  rmSync(dataDir, { recursive: true, force: true });
});

test("nobody changes a message that is not theirs: the whole journey with every message frozen, in memory", async () => {
  const server = { url: instance.url, adminApiKey: readFileSync(join(dataDir, "admin-api-key"), "utf8").trim() };
  const client = await registerClient(server);
  const person = await createPerson(server);
  const tokens = await tokensFor(server, client, person.username);
  expect(await userinfoStatus(server, tokens.accessToken)).toBe(200);
  expect((await refresh(server, client, tokens.refreshToken)).status).toBe(200);
  for (const [method, path, body] of [
    ["GET", "/v1/users?page_size=1", undefined],
    ["PATCH", `/v1/users/${person.id}`, { name: "Another Name", address: { locality: "Recife" } }],
    ["POST", `/v1/users/${person.id}/password`, { password: "another long pass phrase" }],
    ["GET", "/v1/clients", undefined],
    ["GET", "/v1/sessions", undefined],
    ["GET", "/v1/admin/system/health", undefined],
    ["DELETE", `/v1/clients/${client.clientId}`, undefined],
  ] as const) {
    const { status, json } = await rest(server, method, path, body);
    expect([path, status], JSON.stringify(json)).toEqual([path, 200]);
  }
  expect(lines).toEqual([]);
});
