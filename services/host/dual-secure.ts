import { X509Certificate } from "node:crypto";
import type { Server } from "node:http";
import { createSecureServer } from "node:http2";
import type { Socket } from "node:net";
import type { SecureContext } from "node:tls";
import type { FastifyServerFactory } from "fastify";
import { createCertificateFolder, type CertificateFolder } from "./certificates/certificate-folder.ts";
import { readFirstPair } from "./certificates/first-pair.ts";
import { readAuthorities } from "./certificates/pem-file.ts";
import { followPair, secureOptions, type BrokenCertificate, type Pair } from "./certificates/certificate-pair.ts";
import { makeRoomForStreams } from "./http2-room.ts";
import { cutHalfClosed, holdToTimes } from "./http2-times.ts";
import { lastAnswers } from "./last-answers.ts";
import { http1Limits, http2Limits, idleCheck, listenerLimits, type ListenerLimits } from "./listener-limits.ts";
import { boundBodies } from "./unfinished-bodies.ts";

/** A certificate and its key, PEM files. With `clientCaFile` only clients that it vouches for get in (mutual TLS). */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly clientCaFile?: string | undefined;
  /** Certificates for other names than its own: `certificate-folder.ts`. */
  readonly folder?: string | undefined;
  /** Told of files that cannot be used; what was in use before stays. */
  readonly onBroken?: (broken: BrokenCertificate) => void;
}

/**
 * Serves HTTP/1.1 and HTTP/2 by ALPN on one TLS port. Closing it lets the requests under way finish. Other files that are
 * written in the place of these are shown to who connects from then on, and no connection is dropped for it. Throws when the
 * pair cannot be used.
 */
export function dualSecure(
  { certFile, keyFile, clientCaFile, folder, onBroken = () => undefined }: TlsFiles,
  limits: ListenerLimits = listenerLimits,
): FastifyServerFactory {
  const clock = Date.now;
  const firstPair = readFirstPair({ certFile, keyFile }, { onBroken, now: clock() });
  const files = {
    ...firstPair,
    ...(clientCaFile === undefined
      ? {}
      : { ca: readAuthorities(clientCaFile, "KODER_ID_SERVICE_TLS_CA"), requestCert: true, rejectUnauthorized: true }),
  };
  const others = folder === undefined ? undefined : createCertificateFolder(folder, { onBroken, clock });
  return (handler) => {
    let isClosing = false;
    const ServerResponse = lastAnswers(() => isClosing);
    const server = createSecureServer(
      {
        ...files,
        ...http2Limits(limits),
        allowHTTP1: true,
        ...secureOptions,
        ...(others === undefined ? {} : { SNICallback: answering(others) }),
        handshakeTimeout: limits.firstByte,
        // The types know only two of them; https://nodejs.org/api/http.html#httpcreateserveroptions-requestlistener has all.
        http1Options: { ...http1Limits(limits), ServerResponse },
      },
      boundBodies(handler, limits) as never,
    );
    Object.assign(server, { maxHeadersCount: limits.maxHeaders }); // of HTTP/1.1; the types know it of that alone
    server.maxConnections = limits.maxConnections;
    const own = followPair(
      { certFile, keyFile },
      {
        first: true,
        firstUntil: Date.parse(new X509Certificate(firstPair.cert).validTo),
        make(pair: Pair) {
          server.setSecureContext({ ...files, ...pair, ...secureOptions });
          return true;
        },
        onBroken,
        clock,
      },
    );
    holdToTimes(server, limits);
    makeRoomForStreams(server, limits);
    const ofHttp2 = new Set<Socket>();
    server.on("secureConnection", (socket) => {
      if (socket.alpnProtocol !== "h2") return;
      ofHttp2.add(socket);
      socket.once("close", () => ofHttp2.delete(socket));
    });
    server.once("close", cutHalfClosed(ofHttp2, limits));
    const sockets = new Set<Socket>();
    server.on("connection", (socket: Socket) => {
      void own.current();
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });

    const stopListening = server.close.bind(server);
    const ofHttp1 = server as unknown as Server;
    const closeIdle = ofHttp1.closeIdleConnections.bind(ofHttp1);
    return Object.assign(server, {
      close(done?: (error?: Error) => void) {
        isClosing = true;
        stopListening(done);
        const idle = setInterval(closeIdle, idleCheck);
        server.once("close", () => clearInterval(idle));
        return server;
      },
      // Node and Fastify would have it done at once; `close` does it.
      closeIdleConnections: () => undefined,
      closeAllConnections() {
        for (const socket of sockets) socket.destroy();
      },
    }) as unknown as Server;
  };
}

/** Chooses by the name that the client asks for; without one of its own, the port's own certificate is shown. */
const answering =
  ({ contextFor }: CertificateFolder) =>
  (name: string, answer: (error: Error | null, context?: SecureContext) => void): void => {
    contextFor(name).then(
      (context) => (context === undefined ? answer(null) : answer(null, context)),
      (error: unknown) => answer(error instanceof Error ? error : new Error(String(error))),
    );
  };
