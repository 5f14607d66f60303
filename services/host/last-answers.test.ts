import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { get as getCleartext, Agent, type IncomingMessage, type RequestListener } from "node:http";
import { Agent as SecureAgent, get as getSecure } from "node:https";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeAuthority, type Certificate } from "../../tests/support/certificates.ts";
import { dualCleartext } from "./dual-cleartext.ts";
import { dualSecure } from "./dual-secure.ts";

const folder = mkdtempSync(join(tmpdir(), "koder-last-answers-"));
let certificate: Certificate;
beforeAll(() => void (certificate = makeAuthority(folder).issue("listener")));
afterAll(() => rmSync(folder, { recursive: true }));

const written: readonly (readonly [string, RequestListener])[] = [
  ["headers that were set", (_request, response) => void response.setHeader("x-own", "1").end()],
  ["a list of headers", (_request, response) => void response.writeHead(200, ["x-own", "1"]).end()],
  ["headers as members", (_request, response) => void response.writeHead(200, { "x-own": "1" }).end()],
];

test.each([false, true])(
  "a request that is under way when its port closes is told that its connection ends (TLS %s)",
  async (secure) => {
    for (const [how, answer] of written) {
      const { promise: mayGoOn, resolve: goOn } = Promise.withResolvers<void>();
      const arrived: string[] = [];
      const handler: RequestListener = (request, response) => {
        arrived.push(request.url ?? "");
        if (request.url === "/before") return answer(request, response);
        void mayGoOn.then(() => answer(request, response));
      };
      const server = (secure ? dualSecure(certificate) : dualCleartext)(handler, {});
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const [get, agent] = secure
        ? [getSecure, new SecureAgent({ keepAlive: true, rejectUnauthorized: false })]
        : [getCleartext, new Agent({ keepAlive: true })];
      const ask = async (path: string): Promise<IncomingMessage> => {
        const [response] = (await once(get({ port, host: "127.0.0.1", agent, path }), "response")) as [IncomingMessage];
        response.resume();
        await once(response, "end");
        return response;
      };

      expect((await ask("/before")).headers, how).toMatchObject({ connection: "keep-alive", "x-own": "1" });
      const underWay = ask("/under-way");
      await expect.poll(() => arrived).toContain("/under-way");
      const closed = new Promise((resolve) => void server.close(resolve));
      goOn();
      expect((await underWay).headers, how).toMatchObject({ connection: "close", "x-own": "1" });
      await closed;
      agent.destroy();
    }
  },
);

test.each([false, true])(
  "a request that has come when its port closes, and was not read yet, is answered (TLS %s)",
  async (secure) => {
    const server = (secure ? dualSecure(certificate) : dualCleartext)(
      (_request, response) => void response.end("ok"),
      {},
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const socket = secure
      ? connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false })
      : connect({ port, host: "127.0.0.1" });
    await once(socket, secure ? "secureConnect" : "connect");
    let answers = "";
    socket.on("data", (bytes: Buffer) => (answers += bytes.toString()));
    const request = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
    socket.write(request);
    await expect.poll(() => answers).toMatch(/connection: keep-alive.*ok/is);
    answers = "";
    const ended = once(socket, "close");
    socket.write(request);
    server.close();
    await ended;
    expect(answers).toMatch(/^HTTP\/1\.1 200 .*connection: close.*ok/is);
  },
);
