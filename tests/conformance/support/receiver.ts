import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { text } from "node:stream/consumers";
import type { TLSSocket } from "node:tls";
import type { Certificate } from "../../support/certificates.ts";

/** What a client of the suite was sent. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
  /** As in `TLSv1.3`. */
  readonly tls: string;
}

/** The suite's own web server, where a client has its keys, its logo and its logout endpoint. */
export interface Receiver {
  readonly received: readonly Received[];
  /** What it answers to a path; 404 to others. */
  readonly serve: Map<string, { readonly type: string; readonly body: string | Buffer }>;
  stop(): Promise<void>;
}

/** Listens on a port of localhost with a certificate. */
export async function startReceiver(port: number, { certFile, keyFile }: Certificate): Promise<Receiver> {
  const received: Received[] = [];
  const serve: Receiver["serve"] = new Map();
  const server: Server = createServer(
    { cert: readFileSync(certFile), key: readFileSync(keyFile) },
    (request, response) => {
      void text(request).then((body) => {
        const path = request.url ?? "";
        received.push({
          method: request.method ?? "",
          path,
          contentType: request.headers["content-type"] ?? "",
          body,
          tls: (request.socket as TLSSocket).getProtocol() ?? "",
        });
        const known = serve.get(path);
        response.writeHead(known === undefined ? 404 : 200, known === undefined ? {} : { "content-type": known.type });
        response.end(known?.body);
      });
    },
  ).listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    received,
    serve,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
