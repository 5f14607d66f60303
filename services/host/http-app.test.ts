import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
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
