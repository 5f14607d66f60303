/**
 * Whether an error that nobody caught is a ping at a connection which has just ended: connect-node asks a peer whether it is there by a
 * timer of its own, and stops that only once the socket has closed too, which may take until the peer's last packet. Until
 * then a ping throws, with no caller. The connection is given up already, so that nothing else is to be done.
 */
export function isLatePing(error: unknown): boolean {
  if (!(error instanceof Error) || (error as NodeJS.ErrnoException).code !== "ERR_HTTP2_INVALID_SESSION") return false;
  return /\bping\b.*\n.*\bcommonPing\b/.test(error.stack ?? "");
}
