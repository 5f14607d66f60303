/** Limits of a listener, in milliseconds, bytes and counts: a slow or greedy client costs little and not for long. */
export const listenerLimits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 65_000,
  maxHeaderBytes: 32_768,
  maxHeaders: 100,
  maxConnections: 10_000,
  /** Until the first byte of a connection has come, or its TLS handshake is done. */
  firstByte: 10_000,
  maxConcurrentStreams: 128,
} as const;

/** While a listener closes: how often connections that have become idle are let go, in milliseconds. */
export const idleCheck = 50;

/** What HTTP/2 peers are told and held to. */
export const http2Limits = {
  maxHeaderListPairs: listenerLimits.maxHeaders,
  settings: {
    maxConcurrentStreams: listenerLimits.maxConcurrentStreams,
    maxHeaderListSize: listenerLimits.maxHeaderBytes,
  },
} as const;
