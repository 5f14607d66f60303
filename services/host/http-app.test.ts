import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { makeAuthority } from "../../tests/support/certificates.ts";
import { createHttpApp } from "./http-app.ts";

test("a request on a connection that was taken before the server closed is answered, and then the connection ends", async () => {
  const app = createHttpApp({ onFault: (error) => expect.unreachable(String(error)) });
  app.get("/", () => Promise.resolve("answered"));
  const { port } = new URL(await app.listen({ host: "127.0.0.1", port: 0 }));
  const taken = once(app.server, "connection");
  const socket = connect(Number(port), "127.0.0.1");
  let received = "";
  socket.on("data", (chunk: Buffer) => (received += chunk.toString()));
  await taken;

  const closed = app.close();
  socket.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
  await once(socket, "close");
  await closed;

  expect(received).toMatch(/^HTTP\/1\.1 200 .*connection: close\r\n.*answered$/is);
});

test("what is not HTTP is refused in our words on a port with TLS, too", async () => {
  const folder = mkdtempSync(join(tmpdir(), "koder-id-http-app-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const tls = makeAuthority(folder).issue("port");
  const app = createHttpApp({ tls, onFault: (error) => expect.unreachable(String(error)) });
  onTestFinished(() => app.close());
  const { port } = new URL(await app.listen({ host: "127.0.0.1", port: 0 }));
  for (const [sent, status] of [
    ["NONSENSE\r\n\r\n", 400],
    [`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${"a".repeat(40_000)}\r\n\r\n`, 431],
  ] as const) {
    const socket = connectTls({ port: Number(port), host: "127.0.0.1", rejectUnauthorized: false });
    let received = "";
    socket.on("error", () => undefined).on("data", (chunk: Buffer) => (received += chunk.toString()));
    socket.write(sent);
    await once(socket, "close");
    expect(received).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*"reason":"INVALID_REQUEST".*"id":"KID-GEN-`, "s"));
  }
});
