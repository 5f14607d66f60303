import { Agent, request, type RequestOptions } from "node:https";
import type { IncomingMessage } from "node:http";
import { OutboundFailed } from "./outbound-failed.ts";
import { pinnedLookup } from "./pinned-lookup.ts";

/** One request to a host whose addresses are known and allowed. */
export interface PinnedRequest {
  readonly url: URL;
  /** The connection goes to one of these, whatever the name resolves to by now. */
  readonly addresses: readonly string[];
  /** Who vouches for the host's certificate, PEM; undefined: whom the system trusts. */
  readonly ca: string | undefined;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  /** Largest body that is taken. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** What a host answered. */
export interface OutboundAnswer {
  readonly status: number;
  /** Media type in lower case, without parameters; empty when the host named none. */
  readonly contentType: string;
  readonly body: Uint8Array;
}

/**
 * Sends one request over a TLS connection of its own, verified for the URL's host. No proxy, no session that is resumed, no
 * redirect, no decompression; the body is counted while it comes. Throws OutboundFailed.
 */
export function pinnedRequest(what: PinnedRequest): Promise<OutboundAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<OutboundAnswer>();
  const agent = new Agent({ keepAlive: false, maxCachedSessions: 0 });
  const sent = request(what.url, options(what, agent), (response) => {
    read(response, what.maxBytes).then(resolve, (error: unknown) => {
      sent.destroy();
      reject(failed(error, what.signal));
    });
  });
  sent.on("error", (error) => reject(failed(error, what.signal)));
  sent.end(what.body);
  return promise.finally(() => agent.destroy());
}

function options({ method, headers, body, ca, addresses, signal }: PinnedRequest, agent: Agent): RequestOptions {
  return {
    agent,
    method,
    signal,
    lookup: pinnedLookup(addresses),
    minVersion: "TLSv1.2",
    rejectUnauthorized: true, // Said here so that NODE_TLS_REJECT_UNAUTHORIZED has no say.
    ...(ca === undefined ? {} : { ca }),
    headers: {
      "user-agent": "koder-id",
      "accept-encoding": "identity",
      ...headers,
      ...(body === undefined ? {} : { "content-length": String(body.byteLength) }),
    },
  };
}

async function read(response: IncomingMessage, maxBytes: number): Promise<OutboundAnswer> {
  const status = response.statusCode ?? 0;
  if (status >= 300 && status < 400) throw new OutboundFailed("redirect");
  const encoding = response.headers["content-encoding"]?.toLowerCase() ?? "identity";
  if (encoding !== "identity") throw new OutboundFailed("encoding");
  if (Number(response.headers["content-length"] ?? 0) > maxBytes) throw new OutboundFailed("too_large");
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new OutboundFailed("too_large");
    chunks.push(chunk);
  }
  const [mediaType = ""] = (response.headers["content-type"] ?? "").split(";");
  return { status, contentType: mediaType.trim().toLowerCase(), body: Buffer.concat(chunks) };
}

function failed(error: unknown, signal: AbortSignal): OutboundFailed {
  if (error instanceof OutboundFailed) return error;
  if (signal.aborted) return new OutboundFailed("timeout", { cause: error });
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return new OutboundFailed(/CERT|VERIFY|TLS|SSL|SIGNED|ISSUER|EPROTO/.test(code) ? "tls" : "connection", {
    cause: error,
  });
}
