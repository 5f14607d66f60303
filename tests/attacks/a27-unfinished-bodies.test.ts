import { connect, constants } from "node:http2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

test("A27: whoever begins many large bodies on a connection and ends none is cut off, and the small requests on it are answered", async () => {
  const session = connect(server.url);
  session.on("error", () => undefined);
  const body = Buffer.alloc(1_000_000, " ");
  const cut: (number | undefined)[] = [];
  const enough = Promise.withResolvers<void>();
  const [bodies, kept] = [60, 16];
  for (let n = 0; n < bodies; n++) {
    const stream = session.request({ ":method": "POST", ":path": "/v1/users", "content-type": "application/json" });
    stream.on("error", () => undefined);
    stream.once("close", () => {
      cut.push(stream.rstCode);
      if (cut.length === bodies - kept) enough.resolve();
    });
    stream.write(body);
  }
  await enough.promise;
  expect(new Set(cut)).toEqual(new Set([constants.NGHTTP2_ENHANCE_YOUR_CALM]));
  const keys = session.request({ ":path": "/oauth/v2/keys" });
  const status = await new Promise((resolve) => keys.once("response", (headers) => resolve(headers[":status"])));
  expect(status).toBe(200);
  session.destroy();
});
