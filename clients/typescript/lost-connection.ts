import { Code, ConnectError, type Transport } from "@connectrpc/connect";

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
 * The same transport, whose calls fail with UNAVAILABLE when the connection is lost: Connect's own says ABORTED or INTERNAL for
 * most of these, which are codes that the server has other meanings for.
 */
export function namingLostConnections(transport: Transport): Transport {
  return {
    async unary(...call) {
      try {
        return await transport.unary(...call);
      } catch (error) {
        throw isLost(error) ? new ConnectError(lost, Code.Unavailable, undefined, undefined, error) : error;
      }
    },
    stream: (...call) => transport.stream(...call),
  };
}

const lost = "the connection to the server could not be made, or was lost";

function isLost(error: unknown): boolean {
  if (!(error instanceof ConnectError) || error.code === Code.Canceled || error.code === Code.DeadlineExceeded)
    return false;
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && faults.has(cause.code)) return true;
  }
  return false;
}
