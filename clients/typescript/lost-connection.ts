import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { failingAs } from "../core/failing-as.ts";

/** Why a connection is not there, or no longer, as Node names it. */
const faults: ReadonlySet<unknown> = new Set([
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ERR_HTTP2_GOAWAY_SESSION",
  "ERR_HTTP2_INVALID_SESSION",
  "ERR_HTTP2_INVALID_STREAM",
  "ERR_HTTP2_SESSION_ERROR",
  "ERR_HTTP2_STREAM_CANCEL",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ETIMEDOUT",
]);

/**
 * The same transport, whose calls and streams fail with UNAVAILABLE when the connection is lost: Connect's own says ABORTED,
 * CANCELED or INTERNAL, which are codes that the server has other meanings for.
 */
export function namingLostConnections(transport: Transport): Transport {
  return {
    async unary(method, signal, ...call) {
      try {
        return await transport.unary(method, signal, ...call);
      } catch (error) {
        throw named(error, signal);
      }
    },
    stream: (method, signal, ...call) =>
      failingAs(
        () => transport.stream(method, signal, ...call),
        (error) => named(error, signal),
      ),
  };
}

function named(error: unknown, signal: AbortSignal | undefined): unknown {
  const lost = signal?.aborted !== true && error instanceof ConnectError && isLost(error);
  return lost ? new ConnectError(message, Code.Unavailable, undefined, undefined, error) : error;
}

const message = "the connection to the server could not be made, or was lost";

function isLost(error: ConnectError): boolean {
  // The server says why it cancels; a stream that ended with its connection says nothing.
  if (error.code === Code.Canceled) return error.details.length === 0;
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && faults.has(cause.code)) return true;
    // A server that stops refuses what comes after its GOAWAY (RFC 9113 §8.7); Node says so in its words alone.
    if (cause.message.endsWith("NGHTTP2_REFUSED_STREAM")) return true;
  }
  return false;
}
