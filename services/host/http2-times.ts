import { constants, type Http2SecureServer, type Http2Server, type Http2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { ListenerLimits } from "./listener-limits.ts";

type TimesOfHttp2 = Pick<ListenerLimits, "requestTimeout" | "keepAliveTimeout" | "halfClosed">;

/**
 * Holds clients of HTTP/2 to the times that Node holds those of HTTP/1.1 to by itself: a stream whose request is not complete in
 * time is ended, and a connection on which nothing happens is asked to end. A request that is complete is let be, however long
 * its answer goes on, and so is the connection that it is on: a stream may be under way that has nothing to say for hours.
 */
export function holdToTimes(server: Http2Server | Http2SecureServer, limits: TimesOfHttp2): void {
  // The types of both know the events, but not of their union.
  const either = server as Http2Server;
  either.on("stream", (stream) => {
    if (stream.endAfterHeaders) return;
    const timer = setTimeout(() => endIncomplete(stream), limits.requestTimeout).unref();
    stream.once("close", () => clearTimeout(timer));
  });
  either.on("session", (session) => {
    session.setTimeout(limits.keepAliveTimeout, () => session.close());
    session.on("error", () => session.destroy());
  });
}

function endIncomplete(stream: Http2Stream): void {
  // Asked of the protocol, not of what was read of it: a body is often complete before anybody reads its end.
  if (stream.destroyed || stream.state.remoteClose === 1) return;
  stream.close(constants.NGHTTP2_CANCEL);
  stream.destroy();
}

/**
 * Once an HTTP/2 connection has ended on our side, its client ends its own, or has it cut off in one to two times `halfClosed`.
 * Answers what stops looking.
 */
export function cutHalfClosed(sockets: ReadonlySet<Socket>, { halfClosed }: TimesOfHttp2): () => void {
  let ended = new Set<Socket>();
  const timer = setInterval(() => {
    for (const socket of ended) socket.destroy();
    ended = new Set([...sockets].filter((socket) => socket.writableEnded));
  }, halfClosed).unref();
  return () => clearInterval(timer);
}
