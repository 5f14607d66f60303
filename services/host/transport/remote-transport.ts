import { setTimeout as pause } from "node:timers/promises";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createConnectTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { readAuthorities, readPem } from "../certificates/pem-file.ts";
import { largestBody } from "../http-app.ts";
import { errorInfoOf, reportedError, type Fault } from "../interceptors/error-mapping.ts";
import { internalHeaders } from "../internal-headers.ts";

/** How a peer's addresses are reached over TLS. PEM files. */
export interface PeerTls {
  readonly caFile: string | undefined;
  /** Shown where the peer asks for a certificate. */
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
}

/** A transport to a service in other processes. */
export interface RemoteTransport extends Transport {
  /** Closes the connections. */
  close(): void;
}

/** In milliseconds: a connection in use is asked whether it lives, and given up when it does not say so. */
const keepAlive = { pingIntervalMs: 5_000, pingTimeoutMs: 2_000, pingIdleConnection: true };
/** How long an address that could not be reached is passed over while there are others, in milliseconds. */
const setAside = 1_000;
/** Attempts after the first, and the longest pause before the first of them, in milliseconds; it doubles. */
const mostRetries = 3;
const firstPause = 25;

interface Endpoint {
  readonly transport: Transport;
  readonly sessions: Http2SessionManager;
  asideUntil: number;
}

/**
 * A transport to one service at one or more addresses: Connect over HTTP/2, one connection each, opened when it is needed
 * and again after it was lost. Calls take the addresses in turn. A call that did not reach its peer is tried again, at
 * another address if there is one; a call that may have reached it only if doing it twice changes nothing (its
 * idempotency level says so). A method that one peer does not know yet is asked for at another. Nothing is tried again beyond the
 * call's deadline.
 *
 * Errors are as those of a service in this process: with a reason and an id, whether the peer said it or nobody answered.
 */
export function createRemoteTransport({
  addresses,
  tls,
  report,
  clock,
}: {
  /** Origins. */
  readonly addresses: readonly string[];
  readonly tls: PeerTls;
  /** Told of what no peer has reported. */
  readonly report: (fault: Fault) => void;
  readonly clock: () => number;
}): RemoteTransport {
  const secure = {
    ca: tls.caFile === undefined ? undefined : readAuthorities(tls.caFile, "KODER_ID_SERVICE_TLS_CA"),
    cert: tls.certFile === undefined ? undefined : readPem(tls.certFile, "KODER_ID_SERVICE_TLS_CERT"),
    key: tls.keyFile === undefined ? undefined : readPem(tls.keyFile, "KODER_ID_SERVICE_TLS_KEY"),
  };
  const endpoints: readonly Endpoint[] = addresses.map((baseUrl) => {
    const sessions = new Http2SessionManager(baseUrl, keepAlive, baseUrl.startsWith("https:") ? secure : {});
    const transport = createConnectTransport({
      baseUrl,
      httpVersion: "2",
      sessionManager: sessions,
      acceptCompression: [],
      readMaxBytes: 16 * largestBody,
    });
    return { transport, sessions, asideUntil: 0 };
  });
  let turn = 0;

  function pick(without: ReadonlySet<Endpoint> = new Set()): Endpoint {
    for (let tried = 0; tried < endpoints.length; tried++) {
      turn = (turn + 1) % endpoints.length;
      const endpoint = endpoints[turn];
      if (endpoint !== undefined && endpoint.asideUntil <= clock() && !without.has(endpoint)) return endpoint;
    }
    // All are set aside: whichever is next may be back.
    turn = (turn + 1) % endpoints.length;
    const endpoint = endpoints[turn];
    if (endpoint === undefined) throw new RangeError("a peer needs at least one address");
    return endpoint;
  }

  const isThereAnother = (than: ReadonlySet<Endpoint>): boolean =>
    endpoints.some((endpoint) => !than.has(endpoint) && endpoint.asideUntil <= clock());

  async function attempts<Answer>(
    method: DescMethod,
    timeoutMs: number | undefined,
    signal: AbortSignal | undefined,
    call: (transport: Transport, left: number | undefined) => Promise<Answer>,
  ): Promise<Answer> {
    const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : clock() + timeoutMs;
    const notKnownTo = new Set<Endpoint>();
    for (let retries = 0; ; retries++) {
      const endpoint = pick(notKnownTo);
      const began = clock();
      const left = deadline === Number.POSITIVE_INFINITY ? undefined : Math.max(1, deadline - began);
      try {
        return await call(endpoint.transport, left);
      } catch (error) {
        const lost = signal?.aborted === true ? undefined : connectionLoss(error);
        if (lost !== undefined) endpoint.asideUntil = clock() + setAside;
        const wait = Math.random() * firstPause * 2 ** retries;
        const isUnknown = isUnknownThere(error);
        if (isUnknown) notKnownTo.add(endpoint);
        const allowed = isUnknown || lost === "never sent" || (lost === "perhaps done" && isRepeatable(method));
        // A peer that said nothing for so long would say nothing to a repeat either, and one that does not know a method will not
        // know it then: another one must be there.
        const mayRepeat = !isUnknown && clock() - began < keepAlive.pingTimeoutMs;
        const again = allowed && (mayRepeat || isThereAnother(new Set([...notKnownTo, endpoint])));
        if (!again || retries >= mostRetries || clock() + wait >= deadline) {
          if (isUnknown) throw new ConnectError(unknownThere, Code.Unavailable, undefined, undefined, error);
          if (lost === undefined) throw withoutPeerHeaders(error);
          throw new ConnectError("the peer was lost", Code.Unavailable, undefined, undefined, error);
        }
        await pause(wait);
      }
    }
  }

  return {
    async unary(method, signal, timeoutMs, header, input, contextValues) {
      try {
        return await attempts(method, timeoutMs, signal, (transport, left) =>
          transport.unary(method, signal, left, header, input, contextValues),
        );
      } catch (error) {
        const requestId = new Headers(header).get(internalHeaders.requestId) ?? "";
        throw reportedError(error, { signal, method, requestId, report });
      }
    },
    // What was read of a stream of requests cannot be read again.
    stream: (method, signal, timeoutMs, header, input, contextValues) =>
      pick().transport.stream(method, signal, timeoutMs, header, input, contextValues),
    close() {
      for (const { sessions } of endpoints) sessions.abort();
    },
  };
}

const isRepeatable = ({ idempotency }: DescMethod): boolean =>
  idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS ||
  idempotency === MethodOptions_IdempotencyLevel.IDEMPOTENT;

/** Why no connection could be made: https://nodejs.org/api/errors.html#common-system-errors and those of name look-up. */
const neverSent = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

/** Codes by which a transport tells that a connection or a stream was cut. */
const cut = new Set([Code.Unavailable, Code.Aborted, Code.Canceled]);

/** Whether the connection, not the peer, made a call fail, and whether the peer may have done it all the same. */
function connectionLoss(error: unknown): "never sent" | "perhaps done" | undefined {
  const known = ConnectError.from(error);
  // What the peer answered has a reason of ours.
  if (!cut.has(known.code) || errorInfoOf(known) !== undefined) return undefined;
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && typeof cause.code === "string" && neverSent.has(cause.code)) return "never sent";
  }
  // A stream that the peer refused was not processed (RFC 9113 §8.7).
  return known.rawMessage.includes("REFUSED_STREAM") ? "never sent" : "perhaps done";
}

/** What is said of a peer that does not know a method. */
const unknownThere = "the peer does not know the method: it is of an older version, or is another service";

/** Whether a peer has no such method, and so did nothing: one of the version before, while the versions are exchanged. */
function isUnknownThere(error: unknown): boolean {
  const known = ConnectError.from(error);
  // What the peer answered has a reason of ours.
  return known.code === Code.Unimplemented && errorInfoOf(known) === undefined;
}

/** The peer's answer to us had headers of its own, which are not those of our answer. */
function withoutPeerHeaders(error: unknown): unknown {
  if (!(error instanceof ConnectError)) return error;
  const retryAfter = error.metadata.get("retry-after");
  const own = new ConnectError(
    error.rawMessage,
    error.code,
    retryAfter === null ? {} : { "retry-after": retryAfter },
    undefined,
    error.cause,
  );
  own.details = error.details;
  return own;
}
