import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { createPerson, refresh, registerClient, tokensFor, userinfoStatus } from "../support/relying-party.ts";
import { startServer } from "../support/server.ts";

test("a backup made beside a running server is an instance; what went on after it ends, and nobody is locked out", async () => {
  // Both are at one address, which nobody else takes between them.
  const address = { KODER_ID_LISTEN: `127.0.0.1:${await freePort()}` };
  const before = await startServer({ env: address });
  onTestFinished(() => before.stop());
  const [alice, application] = [await createPerson(before), await registerClient(before)];
  const goneOn = await tokensFor(before, application, alice.username);
  const stayed = await tokensFor(before, application, alice.username);

  // As docs/operations.md says, and with everything that a restore needs.
  const dataDir = join(mkdtempSync(join(tmpdir(), "koder-id-backup-")), "data");
  onTestFinished(() => rmSync(join(dataDir, ".."), { recursive: true, force: true }));
  mkdirSync(dataDir, { mode: 0o700 });
  const database = new DatabaseSync(join(before.dataDir, "koder-id.db"));
  database.exec(`VACUUM INTO '${join(dataDir, "koder-id.db")}'`);
  database.close();
  copyFileSync(join(before.dataDir, "master-key"), join(dataDir, "master-key"));

  const next = await refresh(before, application, goneOn.refreshToken);
  expect(next.status).toBe(200);
  expect(await before.end()).toBe(0);
  const after = await startServer({ dataDir, env: address });
  onTestFinished(() => after.stop());

  // A generation that the restored row has not reached ends its family.
  expect((await refresh(after, application, String(next.json["refresh_token"]))).json["error"]).toBe("invalid_grant");
  expect((await refresh(after, application, goneOn.refreshToken)).status).toBe(400);
  expect(await userinfoStatus(after, goneOn.accessToken)).toBe(401);
  expect((await refresh(after, application, stayed.refreshToken)).status).toBe(200);
  await tokensFor(after, application, alice.username);
});
