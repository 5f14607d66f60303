import { once } from "node:events";
import { connect } from "node:http2";
import { expect, vi } from "vitest";
import { rest, type Instance } from "./relying-party.ts";

/** Makes more events than are kept for a watcher who has no room for them, and waits until the log has them. */
export async function makeManyEvents(server: Instance): Promise<void> {
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
}

/**
 * Watches all events from the first one on, by HTTP/2, and reads nothing but that it is told of them. Answers what closes its
 * connection.
 */
export async function watchUnread(server: Instance, credential = server.adminApiKey): Promise<() => void> {
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
