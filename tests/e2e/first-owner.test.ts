import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startServer } from "../support/server.ts";

test("a first start whose owner cannot be created names the setting, and the next one creates them", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "koder-id-first-owner-"));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const failed = async (env: Readonly<Record<string, string>>) => {
    const error: unknown = await startServer({ dataDir, env }).catch((caught: unknown) => caught);
    return String(error)
      .split("\n")
      .filter((line) => line.startsWith("Koder ID cannot start:"));
  };
  expect(await failed({ KODER_ID_ADMIN_EMAIL: "nobody" })).toEqual([
    "Koder ID cannot start: KODER_ID_ADMIN_EMAIL must be a valid email address",
  ]);
  expect(await failed({ KODER_ID_ADMIN_PASSWORD: "swordfish" })).toEqual([
    "Koder ID cannot start: KODER_ID_ADMIN_PASSWORD must have at least 15 characters",
  ]);
  const server = await startServer({ dataDir, env: { KODER_ID_ADMIN_EMAIL: "owner@example.com" } });
  onTestFinished(() => server.stop());
  const users = await fetch(`${server.url}/v1/users`, { headers: { authorization: `Bearer ${server.adminApiKey}` } });
  expect(await users.json()).toMatchObject({ users: [{ username: "admin", email: "owner@example.com" }] });
});
