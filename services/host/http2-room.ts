import { constants, type Http2SecureServer, type Http2Server, type Http2Stream } from "node:http2";
import type { ListenerLimits } from "./listener-limits.ts";

/** Streams that are looked at for each that begins. */
const mostLooked = 20;

/**
 * Keeps a port from being filled with streams that wait for their client: those whose request does not become complete, and those whose
 * answer nobody reads. Each takes ten to seventy kilobytes for as long as its client likes. Where a port has `streamsOfPort` and
 * another begins, the one of these is ended that began first; whoever is honest is done by then. One that we are at work on, or that
 * tells of events, is let be.
 */
export function makeRoomForStreams(
  server: Http2Server | Http2SecureServer,
  { streamsOfPort }: Pick<ListenerLimits, "streamsOfPort">,
): void {
  const underWay = new Set<Http2Stream>();
  // The types of both know the event, but not of their union.
  (server as Http2Server).on("stream", (stream) => {
    underWay.add(stream);
    stream.once("close", () => underWay.delete(stream));
    if (underWay.size > streamsOfPort) endOne(underWay);
  });
}

function endOne(underWay: Set<Http2Stream>): void {
  let looked = 0;
  for (const stream of underWay) {
    if (waitsForClient(stream)) {
      stream.close(constants.NGHTTP2_CANCEL);
      stream.destroy();
      return;
    }
    // It comes to be looked at again behind all others.
    underWay.delete(stream);
    underWay.add(stream);
    if ((looked += 1) >= mostLooked) return;
  }
}

/** Whether its request is not complete, or its answer is. What was read of a body says nothing of the former. */
const waitsForClient = (stream: Http2Stream): boolean =>
  !stream.destroyed && (stream.writableEnded || stream.state.remoteClose !== 1);
