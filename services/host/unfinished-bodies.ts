import type { IncomingMessage, RequestListener } from "node:http";
import { constants, type Http2ServerRequest } from "node:http2";
import { Socket } from "node:net";
import type { ListenerLimits } from "./listener-limits.ts";

type LimitsOfBodies = Pick<ListenerLimits, "bodiesOfConnection" | "bodiesOfPort" | "smallBody">;

/**
 * Counts the bytes of bodies that are not complete: whoever begins many bodies and ends none would have us keep them all. The
 * request that brings its connection, or its port, beyond the limit is cut off: its stream by HTTP/2 (ENHANCE_YOUR_CALM), its
 * connection by HTTP/1.1. Nothing was done for it by then, because it is not complete. Small bodies always arrive.
 */
export function boundBodies(
  handler: RequestListener,
  { bodiesOfConnection, bodiesOfPort, smallBody }: LimitsOfBodies,
): RequestListener {
  const ofConnection = new WeakMap<object, number>();
  let ofPort = 0;

  function count(request: IncomingMessage): void {
    const connection = connectionOf(request);
    if (connection === undefined) return;
    let own = 0;
    const add = (bytes: number): number => {
      const sum = (ofConnection.get(connection) ?? 0) + bytes;
      ofConnection.set(connection, sum);
      ofPort += bytes;
      own += bytes;
      return sum;
    };
    const release = (): void => void add(-own);
    request.once("end", release).once("close", () => {
      release();
      // Its reader has left and it is answered all the same: what comes next on the connection waits behind the rest of it.
      if (!request.complete && connection instanceof Socket) connection.resume();
    });
    // The one place that every chunk of a body passes, read or not, and in which nothing begins to flow.
    const push = request.push.bind(request);
    request.push = (chunk: Uint8Array | null, encoding) => {
      if (chunk === null) return push(chunk, encoding);
      // Nobody reads it any more. It may go on for as long as any request may take to be complete.
      if (request.destroyed) return true;
      const sum = add(chunk.byteLength);
      if (own <= smallBody || (sum <= bodiesOfConnection && ofPort <= bodiesOfPort)) return push(chunk, encoding);
      cutOff(request);
      return false;
    };
  }

  return (request, response) => {
    if (mayBeLarge(request, smallBody)) count(request);
    handler(request, response);
  };
}

/** By HTTP/2 requests are made of Node's compatible kind, which the types take for another. */
const http2StreamOf = (request: IncomingMessage) => (request as unknown as Partial<Http2ServerRequest>).stream;

const connectionOf = (request: IncomingMessage): object | undefined => {
  const stream = http2StreamOf(request);
  return stream === undefined ? request.socket : stream.session;
};

/** Nobody can send more than Content-Length says: Node sees to it in both protocols. */
function mayBeLarge({ headers, httpVersionMajor }: IncomingMessage, smallBody: number): boolean {
  const length = headers["content-length"];
  if (length !== undefined) return !(Number(length) <= smallBody);
  return httpVersionMajor === 2 || headers["transfer-encoding"] !== undefined;
}

function cutOff(request: IncomingMessage): void {
  const stream = http2StreamOf(request);
  if (stream === undefined) return void request.destroy();
  stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  stream.destroy();
}
