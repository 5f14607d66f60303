import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeAuthority } from "./certificates.ts";

/** A request that a client's back-channel endpoint was sent. */
export interface ReceivedLogout {
  readonly path: string;
  readonly method: string;
  readonly contentType: string;
  readonly protocol: string | null;
  readonly parameters: URLSearchParams;
  /** When it came, in milliseconds since the epoch. */
  readonly at: number;
}

/** Clients that listen for logout tokens, over TLS: one at each path. */
export interface LogoutReceiver {
  /** Where a client of this name is told. */
  url(name: string): string;
  /** Settings of a server that may send there. */
  readonly env: Readonly<Record<string, string>>;
  /** What the client of a name was sent. */
  received(name: string): readonly ReceivedLogout[];
  /** What a client answers from now on: an HTTP status, or `silence`. 200 unless told otherwise. */
  answer(name: string, how: number | "silence"): void;
  stop(): Promise<void>;
}

/** Starts it on a free port of loopback, with a certificate of an authority of its own. */
export async function startLogoutReceiver(): Promise<LogoutReceiver> {
  const folder = mkdtempSync(join(tmpdir(), "koder-id-logout-receiver-"));
  const authority = makeAuthority(folder);
  const { certFile, keyFile } = authority.issue("receiver");
  const answers = new Map<string, number | "silence">();
  const received: ReceivedLogout[] = [];
  const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const path = request.url ?? "";
      received.push({
        path,
        method: request.method ?? "",
        contentType: request.headers["content-type"] ?? "",
        protocol: (request.socket as import("node:tls").TLSSocket).getProtocol(),
        parameters: new URLSearchParams(Buffer.concat(chunks).toString("utf8")),
        at: Date.now(),
      });
      const how = answers.get(path) ?? 200;
      if (how !== "silence") response.writeHead(how).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: (name) => `https://localhost:${port}/${name}`,
    env: { KODER_ID_OUTBOUND_EXEMPT: `localhost:${port}=${authority.certFile}` },
    received: (name) => received.filter(({ path }) => path === `/${name}`),
    answer: (name, how) => void answers.set(`/${name}`, how),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
