import { once } from "node:events";
import {
  connect,
  createServer,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";

/** Stands between a service and one of its peers, and notes what passes. */
export interface PeerProxy {
  /** Origin to be named as the peer's address. */
  readonly origin: string;
  /** Says where the peer is: an origin. */
  use(target: string): void;
  /** Headers of the calls that came to a method, `koder.identity.v1.UserService/GetUser`, since the last look. */
  seen(method: string): readonly IncomingHttpHeaders[];
  /** Connections that were opened until now. */
  connections(): number;
  /** Cuts the connection instead of passing on the next answer of a method: the peer has done what it was asked. */
  loseNextAnswer(method: string): void;
  stop(): Promise<void>;
}

/** Starts a proxy for HTTP/2 without TLS. */
export async function startPeerProxy(): Promise<PeerProxy> {
  let target = "";
  let upstream: ClientHttp2Session | undefined;
  let losing: string | undefined;
  let connections = 0;
  const calls: IncomingHttpHeaders[] = [];
  const sessions = new Set<ServerHttp2Session>();

  function peer(): ClientHttp2Session {
    if (upstream === undefined || upstream.closed || upstream.destroyed) {
      upstream = connect(target);
      upstream.on("error", () => {});
    }
    return upstream;
  }
  function handOn(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    calls.push(headers);
    const isLost = losing !== undefined && headers[":path"] === `/${losing}`;
    if (isLost) losing = undefined;
    const forwarded = peer().request({ ...headers, ":authority": new URL(target).host });
    let isAnswered = false;
    forwarded.on("response", (answer) => {
      isAnswered = true;
      if (isLost) stream.session?.destroy();
      if (stream.destroyed) return;
      stream.respond(answer);
      forwarded.pipe(stream);
    });
    forwarded.on("error", () => {});
    forwarded.on("close", () => {
      if (!isAnswered) stream.session?.destroy();
    });
    stream.on("error", () => forwarded.destroy());
    stream.on("aborted", () => forwarded.close());
    stream.pipe(forwarded);
  }

  const server = createServer();
  server.on("session", (session) => {
    connections += 1;
    sessions.add(session);
    session.on("error", () => {});
    session.once("close", () => sessions.delete(session));
  });
  server.on("stream", handOn);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    use: (found) => void (target = found),
    seen(method) {
      const found = calls.filter((headers) => headers[":path"] === `/${method}`);
      calls.length = 0;
      return found;
    },
    connections: () => connections,
    loseNextAnswer: (method) => void (losing = method),
    async stop() {
      for (const session of sessions) session.destroy();
      upstream?.destroy();
      await new Promise((closed) => void server.close(closed));
    },
  };
}
