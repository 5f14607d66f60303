import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { TLSSocket } from "node:tls";

/** The host that was found good last, by connection: a peer has one name for all of its calls. */
const found = new WeakMap<object, string>();

/**
 * Whether a host is a name of the certificate that the request's own connection was shown. Whoever came by such a name meant it: by
 * one that another has turned to this address, the certificate would not have been taken (security A25).
 */
export function isNamedByCertificate(request: IncomingMessage, host: string): boolean {
  const { session } = (request as unknown as Partial<Http2ServerRequest>).stream ?? {};
  const connection = session ?? request.socket;
  if (found.get(connection) === host) return true;
  const isNamed = ownCertificate(request)?.checkHost(host, { subject: "never" }) !== undefined;
  if (isNamed) found.set(connection, host);
  return isNamed;
}

/** By HTTP/2 the socket is behind one that hands on what it is asked. */
function ownCertificate({ socket }: IncomingMessage) {
  return "getX509Certificate" in socket ? (socket as TLSSocket).getX509Certificate() : undefined;
}
