import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toJsonString } from "@bufbuild/protobuf";
import { expect, onTestFinished, test } from "vitest";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { allCollections } from "../../services/assembly/data.ts";
import { openStore } from "../../services/store/open-store.ts";
import { requestLogout } from "../support/logout.ts";
import { startLogoutReceiver } from "../support/logout-receiver.ts";
import { createPerson, registerClient, tokensFor } from "../support/relying-party.ts";
import { startServer } from "../support/server.ts";

test("A29: a logout token is in no event, no log line and nothing that is stored", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "koder-id-a29-"));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const receiver = await startLogoutReceiver();
  onTestFinished(() => receiver.stop());
  const server = await startServer({ dataDir, env: { ...receiver.env, KODER_ID_LOG_LEVEL: "trace" } });
  onTestFinished(() => server.stop());
  receiver.answer("app", 500);
  const client = await registerClient(server, { backchannel_logout_uri: receiver.url("app") });
  const { browser, idToken } = await tokensFor(server, client, (await createPerson(server)).username);
  await requestLogout(server, browser, { id_token_hint: idToken, state: "s" });
  await expect.poll(() => receiver.received("app").length, { timeout: 20_000 }).toBe(1);
  receiver.answer("app", 200);
  await expect.poll(() => receiver.received("app").length, { timeout: 20_000 }).toBe(2);
  await server.end();

  const secrets = [idToken, ...receiver.received("app").map(({ parameters }) => parameters.get("logout_token") ?? "")];
  const signatures = secrets.map((token) => token.split(".")[2] ?? "");
  expect(signatures.every((signature) => signature.length > 80)).toBe(true);
  const store = await openStore({
    url: `sqlite:${join(dataDir, "koder-id.db")}`,
    collections: allCollections,
    clock: Date.now,
  });
  onTestFinished(() => store.close());
  const system = store.system();
  const entries = [...(await system.log(0, 1_000)), ...(await system.outbox(0, 1_000))];
  const events = entries.map(({ event }) => toJsonString(EventSchema, event)).join("\n");
  expect(events).toContain("logoutDeliveryChanged");
  expect(events).not.toContain("eyJ");
  const kept = readFileSync(join(dataDir, "koder-id.db")).toString("latin1");
  for (const signature of signatures) {
    expect(kept.includes(signature)).toBe(false);
    expect(server.logs().some((line) => line.includes(signature))).toBe(false);
  }
});
