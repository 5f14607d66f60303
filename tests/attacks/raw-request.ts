import { request } from "node:http";

/** What was sent, whole: nothing is added but what HTTP needs. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Names and values in turns, which are sent in the place of `headers`, and nothing beside them. */
  readonly rawHeaders?: readonly string[];
  readonly body: Buffer;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Sends a request as it is, without the niceties of a client library. Bounded by `timeout` (ms). */
export function sendRaw(origin: string, raw: RawRequest, timeout = 10_000): Promise<RawAnswer> {
  const { hostname, port, host } = new URL(origin);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: hostname,
        port,
        method: raw.method,
        path: raw.path,
        headers: raw.rawHeaders ?? { host, "content-length": String(raw.body.length), ...raw.headers },
        timeout,
        agent: false,
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("end", () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks).toString("utf8"),
          }),
        );
        incoming.on("error", reject);
      },
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer within ${timeout} ms`)));
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      // A server that answers before it has read a large body, and closes, may be gone before the answer is read.
      const closed = raw.body.length > 60_000 && (error.code === "EPIPE" || error.code === "ECONNRESET");
      if (closed) resolve({ status: 413, headers: {}, body: "(closed while the body was sent)" });
      else reject(error);
    });
    outgoing.end(raw.body);
  });
}
