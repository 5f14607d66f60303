import { constants } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import { createSecureServer } from "node:http2";
import type { Socket } from "node:net";
import type { FastifyServerFactory } from "fastify";
import { http2Limits, idleCheck, listenerLimits } from "./listener-limits.ts";

/** The types know only two of them; https://nodejs.org/api/http.html#httpcreateserveroptions-requestlistener has all. */
const http1Limits = {
  headersTimeout: listenerLimits.headersTimeout,
  requestTimeout: listenerLimits.requestTimeout,
  keepAliveTimeout: listenerLimits.keepAliveTimeout,
  maxHeaderSize: listenerLimits.maxHeaderBytes,
};

/** A certificate and its key, PEM files. With `clientCaFile` only clients that it vouches for get in (mutual TLS). */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly clientCaFile?: string | undefined;
}

/**
 * Serves HTTP/1.1 and HTTP/2 by ALPN on one TLS port. Closing it lets the requests under way finish. Throws when a file
 * cannot be read.
 */
export function dualSecure({ certFile, keyFile, clientCaFile }: TlsFiles): FastifyServerFactory {
  const files = {
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    ...(clientCaFile === undefined
      ? {}
      : { ca: readFileSync(clientCaFile), requestCert: true, rejectUnauthorized: true }),
  };
  return (handler) => {
    const server = createSecureServer(
      {
        ...files,
        ...http2Limits,
        allowHTTP1: true,
        minVersion: "TLSv1.2",
        secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
        handshakeTimeout: listenerLimits.firstByte,
        http1Options: http1Limits,
      },
      handler as never,
    );
    server.maxConnections = listenerLimits.maxConnections;
    server.on("session", (session) => {
      // Asked to end, not cut off: a stream may be under way that has nothing to say for long.
      session.setTimeout(listenerLimits.keepAliveTimeout, () => session.close());
      session.on("error", () => session.destroy());
    });
    const sockets = new Set<Socket>();
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });

    const stopListening = server.close.bind(server);
    return Object.assign(server, {
      close(done?: (error?: Error) => void) {
        stopListening(done);
        // A connection whose request was under way is kept alive by its client when it is answered: it must go as well.
        const idle = setInterval(() => (server as unknown as Server).closeIdleConnections(), idleCheck);
        server.once("close", () => clearInterval(idle));
        return server;
      },
      closeAllConnections() {
        for (const socket of sockets) socket.destroy();
      },
    }) as unknown as Server;
  };
}
