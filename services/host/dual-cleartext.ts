import { createServer as createHttp1Server, type RequestListener, type Server } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import { createServer as createTcpServer, type Socket } from "node:net";
import type { FastifyServerFactory } from "fastify";
import { makeRoomForStreams } from "./http2-room.ts";
import { cutHalfClosed, holdToTimes } from "./http2-times.ts";
import { lastAnswers } from "./last-answers.ts";
import { http1Limits, http2Limits, idleCheck, listenerLimits, type ListenerLimits } from "./listener-limits.ts";
import { answerMalformed } from "./malformed-http.ts";
import { boundBodies } from "./unfinished-bodies.ts";

/** No method of HTTP/1.1 begins so; HTTP/2 with prior knowledge does (RFC 9113 §3.4). */
const preface = "PRI";

/**
 * Serves HTTP/1.1 and HTTP/2 with prior knowledge on one cleartext port: the first bytes of a connection say which it is.
 * Closing it lets the requests under way finish.
 */
export const dualCleartext: FastifyServerFactory = (handler) => dualCleartextWithin(listenerLimits, handler);

/** The same within other limits. */
export function dualCleartextWithin(limits: ListenerLimits, handler: RequestListener): Server {
  const bounded = boundBodies(handler, limits);
  let isClosing = false;
  const ServerResponse = lastAnswers(() => isClosing);
  const http1 = createHttp1Server({ ...http1Limits(limits), ServerResponse }, bounded);
  http1.maxHeadersCount = limits.maxHeaders;
  http1.emit("listening"); // its time-outs start here; it never listens by itself
  http1.on("clientError", answerMalformed);
  const http2 = createHttp2Server(http2Limits(limits), bounded as never);
  holdToTimes(http2, limits);
  makeRoomForStreams(http2, limits);
  const sessions = new Set<ServerHttp2Session>();
  http2.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  const ofHttp2 = new Set<Socket>();
  const stopCutting = cutHalfClosed(ofHttp2, limits);
  const sockets = new Set<Socket>();

  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      ofHttp2.delete(socket);
    });
    socket.on("error", () => socket.destroy());
    const timer = setTimeout(() => socket.destroy(), limits.firstByte).unref();
    socket.once("readable", () => {
      clearTimeout(timer);
      const first = socket.read() as Buffer | null;
      if (first === null) return void socket.destroy();
      socket.unshift(first);
      const isHttp2 = first.toString("latin1", 0, preface.length) === preface;
      if (isHttp2) ofHttp2.add(socket);
      (isHttp2 ? http2 : http1).emit("connection", socket);
    });
  });
  server.maxConnections = limits.maxConnections;
  server.once("close", stopCutting);

  const stopListening = server.close.bind(server);
  return Object.assign(server, {
    close(done?: (error?: Error) => void) {
      isClosing = true;
      stopListening(done);
      for (const session of sessions) session.close();
      const idle = setInterval(() => http1.closeIdleConnections(), idleCheck);
      server.once("close", () => {
        clearInterval(idle);
        http1.close();
      });
      return server;
    },
    closeAllConnections() {
      for (const socket of sockets) socket.destroy();
    },
    // Fastify would have it done at once; `close` does it.
    closeIdleConnections: () => undefined,
    setTimeout: () => server,
  }) as unknown as Server;
}
