import { once } from "node:events";
import { connect } from "node:http2";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createKoderId, reason, staticToken } from "../../clients/typescript/index.ts";
import { rest } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

/** As many as may watch one tenant at a time (`services/admin/events/told-events.ts`). */
const allPlaces = 50;

/** Watches all events from the first one on, reads nothing but that it is told of them, and answers what closes its connection. */
async function watchUnread(credential: string): Promise<() => void> {
  const session = connect(server.url, { settings: { initialWindowSize: 0 } });
  const request = session.request({
    ":method": "POST",
    ":path": "/koder.admin.v1.EventService/WatchEvents",
    authorization: `Bearer ${credential}`,
    "content-type": "application/connect+json",
  });
  for (const one of [session, request]) one.on("error", () => undefined);
  const message = Buffer.from(JSON.stringify({ afterNumber: "0" }));
  request.end(Buffer.concat([Buffer.from([0, 0, 0, 0, message.byteLength]), message]));
  await once(request, "response");
  return () => session.destroy();
}

const watchAll = (credential: string) => Promise.all(Array.from({ length: allPlaces }, () => watchUnread(credential)));

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
  // More than is kept for a reader who has no room for it.
  const makeRoles = async (of: number) => {
    for (let at = 0; at < 50; at += 1) {
      expect((await rest(server, "POST", "/v1/roles", { name: `role-${of}-${at}` })).status).toBe(200);
    }
  };
  await Promise.all(Array.from({ length: 10 }, (_, of) => makeRoles(of)));
  const areListed = async () => {
    const { json } = await rest(server, "GET", "/v1/admin/audit?after_number=500&page_size=1");
    expect(json["events"]).toHaveLength(1);
  };
  await vi.waitFor(areListed, { timeout: 20_000, interval: 50 });

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
