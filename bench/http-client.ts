import { Agent, request } from "node:http";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Connections that are kept open: one for each worker. */
export const connections = 16;

const agent = new Agent({ keepAlive: true, maxSockets: connections });

/** One request on a kept connection. */
export function send(
  origin: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body = "",
): Promise<Answer> {
  const { hostname, port, host } = new URL(origin);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        agent,
        host: hostname === "localhost" ? "127.0.0.1" : hostname,
        port,
        method,
        path,
        headers: { host, ...headers, ...(body === "" ? {} : { "content-length": String(Buffer.byteLength(body)) }) },
      },
      (incoming) => {
        let text = "";
        incoming.setEncoding("utf8");
        incoming.on("data", (chunk: string) => (text += chunk));
        incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text }));
        incoming.on("error", reject);
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** A form, posted. */
export const sendForm = (
  origin: string,
  path: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  send(
    origin,
    "POST",
    path,
    { "content-type": "application/x-www-form-urlencoded", ...headers },
    new URLSearchParams(form).toString(),
  );
