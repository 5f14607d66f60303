import { afterAll, beforeAll, expect, test } from "vitest";
import { createKoderId, reason, staticToken } from "../../clients/typescript/index.ts";
import { rest } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { makeManyEvents, watchUnread } from "../support/unread-watcher.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

/** As many as may watch one tenant at a time (`services/admin/events/told-events.ts`). */
const allPlaces = 50;

const watchAll = (credential: string) =>
  Promise.all(Array.from({ length: allPlaces }, () => watchUnread(server, credential)));

/** What somebody is told who watches as well. */
async function another(): Promise<string | undefined> {
  const { events } = createKoderId(server.url, { tokenSource: staticToken(server.adminApiKey) });
  const answers = events.watchEvents({})[Symbol.asyncIterator]();
  try {
    await answers.next();
    await answers.return?.();
    return "told";
  } catch (error) {
    return reason(error);
  }
}

test("A27: who reads nothing of what they are sent has no place any more once their credential or their connection ends", async () => {
  await makeManyEvents(server);

  const { id, api_key: credential } = (
    await rest(server, "POST", "/v1/admin/api-keys", { permissions: ["audit.read"] })
  ).json;
  const revoked = await watchAll(String(credential));
  expect(await another()).toBe("OVERLOADED");
  expect((await rest(server, "DELETE", `/v1/admin/api-keys/${String(id)}`)).status).toBe(200);
  await expect.poll(another, { timeout: 15_000, interval: 200 }).toBe("told");
  for (const close of revoked) close();

  const gone = await watchAll(server.adminApiKey);
  expect(await another()).toBe("OVERLOADED");
  for (const close of gone) close();
  await expect.poll(another, { timeout: 15_000, interval: 200 }).toBe("told");
}, 90_000);
