import { once } from "node:events";
import { createServer, request as send, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers a request itself, or leaves it to the server behind. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** The server of a page: one origin for the page, its tokens, and the gateway behind. */
export interface PageServer {
  /** Origin, without a slash at the end. */
  readonly url: string;
  /** What arrived for the gateway, in order. */
  readonly arrived: readonly { readonly path: string; readonly headers: IncomingMessage["headers"] }[];
  /** Answers by path; a test may add its own, which come before the gateway's. */
  readonly answers: Map<string, Answer>;
  close(): Promise<void>;
}

/**
 * Starts the server of a page before the origin `upstream`, as an application has it that serves its pages itself: a call to
 * another origin needs that origin's leave.
 */
export async function startPageServer(upstream: string): Promise<PageServer> {
  const { host, hostname, port } = new URL(upstream);
  const arrived: { path: string; headers: IncomingMessage["headers"] }[] = [];
  const answers = new Map<string, Answer>();
  const server = createServer((incoming, outgoing) => {
    const { url: path = "/", method, headers } = incoming;
    const isCall = path.startsWith("/koder.");
    if (isCall) arrived.push({ path, headers });
    const answer = answers.get(path);
    if (answer !== undefined) return void answer(incoming, outgoing);
    if (!isCall) return void outgoing.writeHead(404).end();
    const forwarded = send({ hostname, port, path, method, headers: { ...headers, host } }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    // What is lost behind is lost in front.
    forwarded.on("error", () => incoming.socket.destroy());
    incoming.pipe(forwarded);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrived,
    answers,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** An answer with a body. */
export const body =
  (type: string, content: string | Uint8Array): Answer =>
  (_request, response) =>
    void response.writeHead(200, { "content-type": type, "cache-control": "no-store" }).end(content);
