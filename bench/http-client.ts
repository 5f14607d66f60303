import { Agent, request } from "node:http";

/** A server as others call it, and where it is on this machine. */
export interface Site {
  /** What requests name as their host. */
  readonly origin: string;
  /** `host:port`. */
  readonly address: string;
  /** Connections of its own; undefined: those that are measured by. */
  readonly agent?: Agent;
}

/** A site at the address that its origin names; names of loopback mean IPv4. */
export function siteOf(origin: string): Site {
  const { hostname, port } = new URL(origin);
  return { origin, address: `${hostname === "localhost" ? "127.0.0.1" : hostname}:${port}` };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Connections that are kept open: one for each worker. */
export const connections = 16;

const measuring = new Agent({ keepAlive: true, maxSockets: connections });

/** One request on a kept connection. */
export function send(
  { origin, address, agent = measuring }: Site,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body = "",
): Promise<Answer> {
  const [host, port] = address.split(":");
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        agent,
        host,
        port,
        method,
        path,
        headers: {
          host: origin.slice(origin.indexOf("://") + 3),
          ...headers,
          ...(body === "" ? {} : { "content-length": String(Buffer.byteLength(body)) }),
        },
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
  site: Site,
  path: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  send(
    site,
    "POST",
    path,
    { "content-type": "application/x-www-form-urlencoded", ...headers },
    new URLSearchParams(form).toString(),
  );

/** A JSON body, posted with an API key. Throws unless the answer is 200. */
export async function createByRest(
  site: Site,
  apiKey: string,
  path: string,
  body: object,
): Promise<Readonly<Record<string, string>>> {
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const answer = await send(site, "POST", path, headers, JSON.stringify(body));
  if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${answer.body}`);
  return JSON.parse(answer.body) as Record<string, string>;
}
