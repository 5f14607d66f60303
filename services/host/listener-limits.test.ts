import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { RequestListener } from "node:http";
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { connect as connectTcp, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { makeAuthority, type Certificate } from "../../tests/support/certificates.ts";
import { dualCleartextWithin } from "./dual-cleartext.ts";
import { dualSecure } from "./dual-secure.ts";
import { listenerLimits, type ListenerLimits } from "./listener-limits.ts";

const folder = mkdtempSync(join(tmpdir(), "koder-listener-"));
let certificate: Certificate;
beforeAll(() => void (certificate = makeAuthority(folder).issue("listener")));
afterAll(() => rmSync(folder, { recursive: true }));

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

const shapes = [
  ["h2c", false],
  ["TLS", true],
] as const;

/** A port of a shape within narrower limits; answers where it is. */
async function open(secure: boolean, narrower: Partial<ListenerLimits>, handler: RequestListener): Promise<number> {
  const limits = { ...listenerLimits, ...narrower };
  const server = secure ? dualSecure(certificate, limits)(handler, {}) : dualCleartextWithin(limits, handler);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

function sessionTo(port: number, secure: boolean): ClientHttp2Session {
  const session = connect(`${secure ? "https" : "http"}://127.0.0.1:${port}`, { rejectUnauthorized: false });
  session.on("error", () => undefined);
  ends.push(() => session.destroy());
  return session;
}

function post(session: ClientHttp2Session): ClientHttp2Stream {
  const stream = session.request({ ":method": "POST", ":path": "/" });
  stream.on("error", () => undefined);
  return stream;
}

/** Unlike `once`, it does not mind by what error it came to it. */
const closed = (one: Socket | ClientHttp2Stream): Promise<void> =>
  new Promise((resolve) => void one.once("close", () => resolve()));

/** Reads the body, and answers with how long it was. */
const reading: RequestListener = (request, response) => {
  let bytes = 0;
  request.on("error", () => undefined);
  request.on("data", (chunk: Buffer) => (bytes += chunk.byteLength));
  request.on("end", () => response.end(String(bytes)));
};

async function answerTo(stream: ClientHttp2Stream): Promise<string> {
  let text = "";
  for await (const chunk of stream as AsyncIterable<Buffer>) text += chunk.toString();
  return text;
}

describe.each(shapes)("a client of HTTP/2, %s", (_name, secure) => {
  test("A27: whose request is not complete in time has its stream ended, whether it is silent, slow or nobody reads it", async () => {
    const port = await open(secure, { headersTimeout: 200, requestTimeout: 200 }, (request, response) => {
      if (request.headers["x-unread"] === undefined) reading(request, response);
    });
    const session = sessionTo(port, secure);
    const [silent, slow] = [post(session), post(session)];
    const unread = session.request({ ":method": "POST", ":path": "/", "x-unread": "1" });
    unread.on("error", () => undefined);
    unread.write("begun");
    const drip = setInterval(() => slow.writable && slow.write("x"), 20);
    await Promise.all([silent, slow, unread].map(closed));
    clearInterval(drip);
    expect([silent.rstCode, slow.rstCode, unread.rstCode]).toEqual(Array(3).fill(constants.NGHTTP2_CANCEL));
    const whole = post(session);
    whole.end("abc");
    expect(await answerTo(whole)).toBe("3");
  });

  test("A27: who begins many requests and ends none, or reads no answer, has the first ended where others need the room", async () => {
    const port = await open(secure, { streamsOfPort: 50 }, (request, response) => {
      if (request.headers["x-watch"] === undefined) return reading(request, response);
      request.resume();
      response.write("watched");
    });
    const other = sessionTo(port, secure);
    const watching = other.request({ ":method": "POST", ":path": "/", "x-watch": "1" });
    watching.on("error", () => undefined).end("whole");
    await once(watching, "data");
    const unended = sessionTo(port, secure);
    const unread = connect(`${secure ? "https" : "http"}://127.0.0.1:${port}`, {
      rejectUnauthorized: false,
      settings: { initialWindowSize: 0 },
    });
    unread.on("error", () => undefined);
    ends.push(() => unread.destroy());
    for (const session of [unended, unread]) {
      const begun = Array.from({ length: 60 }, () => post(session));
      for (const stream of begun) {
        stream.write("begun");
        if (session === unread) stream.end();
      }
      await Promise.all(begun.slice(0, 10).map(closed));
      expect(new Set(begun.slice(0, 10).map(({ rstCode }) => rstCode))).toEqual(new Set([constants.NGHTTP2_CANCEL]));
    }
    const late = post(other);
    late.write("ab");
    await pause(50);
    late.end("c");
    expect(await answerTo(late)).toBe("3");
    expect(watching.closed).toBe(false);
  });

  test("whose request is complete is answered for as long as it takes, on a connection that takes no more", async () => {
    const limits = { headersTimeout: 100, requestTimeout: 100, keepAliveTimeout: 150, halfClosed: 50 };
    let say: (text: string) => void = () => undefined;
    const port = await open(secure, limits, (request, response) => {
      if (request.headers["x-unread"] === undefined) request.resume();
      response.write("begun");
      say = (text) => response.end(text);
    });
    for (const headers of [{}, { "x-unread": "1" }]) {
      const session = sessionTo(port, secure);
      const stream = session.request({ ":method": "POST", ":path": "/", ...headers });
      const told = once(session, "goaway");
      stream.end("a whole request");
      const answer = answerTo(stream);
      await told;
      await pause(300);
      say(", ended");
      expect(await answer).toBe("begun, ended");
    }
  });

  test("who asks for nothing is asked to go, and cut off where they stay", async () => {
    const port = await open(secure, { keepAliveTimeout: 100, halfClosed: 50 }, reading);
    const options = { port, host: "127.0.0.1", allowHalfOpen: true };
    const socket: Socket = secure
      ? connectTls({ ...options, rejectUnauthorized: false, ALPNProtocols: ["h2"] })
      : connectTcp(options);
    socket.on("error", () => undefined);
    ends.push(() => socket.destroy());
    await once(socket, secure ? "secureConnect" : "connect");
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0");
    socket.resume();
    await once(socket, "end");
    // It never ends its own side; what it writes is answered with a reset once we have none.
    const drip = setInterval(() => socket.write("x"), 20);
    await closed(socket);
    clearInterval(drip);
    expect(socket.destroyed).toBe(true);
  });

  test("who begins many bodies and ends none is cut off at the limit of the connection, and of the port", async () => {
    const narrow = { smallBody: 1_000, bodiesOfConnection: 30_000, bodiesOfPort: 50_000 };
    const port = await open(secure, narrow, reading);
    const [one, other] = [sessionTo(port, secure), sessionTo(port, secure)];
    const cut: string[] = [];
    async function begin(session: ClientHttp2Session, name: string): Promise<ClientHttp2Stream> {
      const stream = post(session);
      stream.once("close", () => cut.push(`${name} ${stream.rstCode}`));
      stream.write(Buffer.alloc(10_000));
      // What is asked later on a connection is answered later.
      const small = post(session);
      small.end(Buffer.alloc(900));
      expect(await answerTo(small)).toBe("900");
      return stream;
    }
    for (const name of ["1", "2", "3", "4"]) await begin(one, name);
    expect(cut).toEqual([`4 ${constants.NGHTTP2_ENHANCE_YOUR_CALM}`]);
    const held = await begin(other, "5");
    await begin(other, "6");
    await begin(other, "7");
    expect(cut.slice(1)).toEqual([`7 ${constants.NGHTTP2_ENHANCE_YOUR_CALM}`]);
    // Whoever ends a body makes room.
    held.end();
    expect(await answerTo(held)).toBe("10000");
    const again = post(other);
    again.end(Buffer.alloc(9_000));
    expect(await answerTo(again)).toBe("9000");
  });
});

describe.each(shapes)("a client of HTTP/1.1, %s", (_name, secure) => {
  test("A27: whose request is not complete in time is cut off soon after, whether it is silent or slow", async () => {
    const port = await open(secure, { headersTimeout: 200, requestTimeout: 200, lateCheck: 50 }, reading);
    const begun = [
      "GET / HTTP/1.1\r\nhost: localhost\r\nx: ",
      "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n",
    ];
    const began = performance.now();
    await Promise.all(
      begun.map(async (text, at) => {
        const options = { port, host: "127.0.0.1", rejectUnauthorized: false };
        const socket = secure ? connectTls(options) : connectTcp(options);
        socket.on("error", () => undefined);
        ends.push(() => socket.destroy());
        socket.resume().write(text);
        const drip = setInterval(() => at === 0 && socket.writable && socket.write("x"), 20);
        await closed(socket);
        clearInterval(drip);
      }),
    );
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test("A27: with more headers than anybody sends is refused", async () => {
    const port = await open(secure, { maxHeaders: 10 }, reading);
    const options = { port, host: "127.0.0.1", rejectUnauthorized: false };
    const socket = secure ? connectTls(options) : connectTcp(options);
    ends.push(() => socket.destroy());
    socket.write(`GET / HTTP/1.1\r\nhost: localhost\r\n${"x: y\r\n".repeat(20)}\r\n`);
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 431 /);
  });

  test("counts towards the limit of the port", async () => {
    const port = await open(secure, { smallBody: 1_000, bodiesOfPort: 15_000 }, reading);
    const talk = (bytes: number): Socket => {
      const options = { port, host: "127.0.0.1", rejectUnauthorized: false };
      const socket = secure ? connectTls(options) : connectTcp(options);
      socket.on("error", () => undefined);
      ends.push(() => socket.destroy());
      socket.write("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 20000\r\n\r\n");
      socket.write(Buffer.alloc(bytes));
      return socket.resume();
    };
    const first = talk(10_000);
    await pause(100);
    const second = talk(10_000);
    await closed(second);
    first.write(Buffer.alloc(2_000));
    await pause(50);
    expect(first.destroyed).toBe(false);
  });
});
