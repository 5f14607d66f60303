import { connect } from "node:net";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createPerson, rest } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { makeManyEvents, watchUnread } from "../support/unread-watcher.ts";

let server: RunningServer;
beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server?.stop());

describe("a graceful stop", () => {
  test("requests under way are answered, new ones are not taken, and it ends by itself", async () => {
    const underWay = Array.from({ length: 8 }, (_value, n) =>
      rest(server, "POST", "/v1/users", { username: `under-way${n}`, password: "correct horse battery staple" }),
    );
    // One after the other is hashed: when the first is answered, the others are under way.
    await Promise.race(underWay);
    const ended = server.end("SIGTERM");
    for (const { status, json } of await Promise.all(underWay)) expect(status, JSON.stringify(json)).toBe(200);
    expect(await ended).toBe(0);
    await expect(fetch(`${server.url}/`)).rejects.toThrow("fetch failed");
    const again = await startServer({ dataDir: server.dataDir });
    const { json } = await rest(again, "GET", "/v1/users?username_prefix=under-way");
    expect(json["users"]).toHaveLength(8);
    await again.end();
  });

  test("whoever does not read what a stream tells them holds it up for seconds only", async () => {
    await makeManyEvents(server);
    const close = await watchUnread(server);
    expect(await server.end("SIGTERM")).toBe(0);
    close();
  }, 60_000);
});

describe("limits on a connection", () => {
  /** What a raw connection is answered until it is closed. */
  async function talk(text: string): Promise<string> {
    const { port } = new URL(server.url);
    const socket = connect(Number(port), "127.0.0.1");
    await once(socket, "connect");
    let answer = "";
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString()));
    socket.on("error", () => undefined);
    socket.write(text);
    await once(socket, "close");
    return answer;
  }

  test("headers without end are cut off, what is no HTTP is refused, and others go on", async () => {
    expect(await talk(`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${"a".repeat(40_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
    expect(await talk("HELO there\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 .*"reason":"INVALID_REQUEST"/s);
    expect(await talk("GET / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n")).toMatch(
      /^HTTP\/1\.1 400 /,
    );
    const person = await createPerson(server);
    expect(person.id).toMatch(/^[0-9A-Z]{26}$/);
  });
});
