import { Agent, request as send } from "node:http";
import { buffer } from "node:stream/consumers";

/** What a client sends. */
export interface ClientRequest {
  readonly method: "GET" | "POST";
  /** Path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
}

/** What it was answered, whole. */
export interface ClientAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** The connection was refused or cut before the whole answer was there: what became of the request is not known. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}

/** Where requests go: `host:port`, and the origin that they are meant for. */
export interface Place {
  readonly address: string;
  readonly origin: string;
}

/** Longer than a server takes for anything, in milliseconds: who hears nothing for so long is not served. */
const patience = 25_000;

/** How a connection that is refused or cut shows itself. */
const losses: ReadonlySet<unknown> = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ERR_STREAM_PREMATURE_CLOSE"]);

/** Sends a request over a connection of its own, so that a balancer hands each to the next server. Throws ConnectionLost. */
export async function clientRequest({ address, origin }: Place, asked: ClientRequest): Promise<ClientAnswer> {
  const [host = "", port = ""] = address.split(":");
  const body = asked.form === undefined ? "" : new URLSearchParams(asked.form).toString();
  const outgoing = send({
    agent: new Agent({ keepAlive: false }),
    host,
    port: Number(port),
    method: asked.method,
    path: asked.path,
    signal: AbortSignal.timeout(patience),
    headers: {
      host: new URL(origin).host,
      ...(asked.form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
      ...(asked.method === "POST" ? { "content-length": String(Buffer.byteLength(body)) } : {}),
      ...asked.headers,
    },
  });
  try {
    const answered = new Promise<ClientAnswer>((resolve, reject) => {
      outgoing.once("error", reject);
      outgoing.once("response", (incoming) => {
        const headers = new Headers();
        const raw = incoming.rawHeaders;
        for (let at = 0; at < raw.length; at += 2) headers.append(raw[at] ?? "", raw[at + 1] ?? "");
        buffer(incoming).then((bytes) => {
          resolve({ status: incoming.statusCode ?? 0, headers, text: bytes.toString("utf8") });
        }, reject);
      });
    });
    outgoing.end(body);
    return await answered;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (losses.has(code)) throw new ConnectionLost(String(code), { cause: error });
    throw error;
  }
}
