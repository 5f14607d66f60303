/** Limits of a listener, in milliseconds, bytes and counts: a slow or greedy client costs little and not for long. */
export const listenerLimits = {
  headersTimeout: 10_000,
  /** Until a request is complete, its body too: by HTTP/1.1 and by HTTP/2. */
  requestTimeout: 30_000,
  /** How often requests by HTTP/1.1 are looked at that may be late. */
  lateCheck: 2_000,
  keepAliveTimeout: 65_000,
  maxHeaderBytes: 32_768,
  maxHeaders: 100,
  maxConnections: 10_000,
  /** Until the first byte of a connection has come, or its TLS handshake is done. */
  firstByte: 10_000,
  maxConcurrentStreams: 128,
  /** Of HTTP/2: beyond it those give way that only wait for their client. */
  streamsOfPort: 4_000,
  /** For how long the client of an HTTP/2 connection that we ended may leave its side of it open: twice that fits into a stop. */
  halfClosed: 3_000,
  /** Of bodies that have begun to arrive: of all requests of one connection, and of all that a port has. */
  bodiesOfConnection: 16_777_216,
  bodiesOfPort: 134_217_728,
  /** A body up to here arrives whatever else does. */
  smallBody: 16_384,
};

export type ListenerLimits = Readonly<typeof listenerLimits>;

/**
 * While a listener closes: how often connections that are idle are let go, in milliseconds. Not at once, because the next request
 * may have come on them already, and not have been read yet.
 */
export const idleCheck = 50;

/** What HTTP/1.1 clients are held to. */
export const http1Limits = ({
  headersTimeout,
  requestTimeout,
  lateCheck,
  keepAliveTimeout,
  maxHeaderBytes,
}: ListenerLimits) => ({
  headersTimeout,
  requestTimeout,
  connectionsCheckingInterval: lateCheck,
  keepAliveTimeout,
  maxHeaderSize: maxHeaderBytes,
});

/** What HTTP/2 peers are told and held to. */
export const http2Limits = ({ maxHeaders, maxConcurrentStreams, maxHeaderBytes }: ListenerLimits) => ({
  maxHeaderListPairs: maxHeaders,
  settings: { maxConcurrentStreams, maxHeaderListSize: maxHeaderBytes },
});
