import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

/** What a server answered. */
export interface DirectAnswer {
  readonly status: number;
  /** Empty where the answer is no JSON. */
  readonly json: Record<string, unknown>;
  readonly text: string;
}

/**
 * A request to one of several servers behind one origin: sent to its own address (`host:port`) on a connection of its own,
 * with the origin's Host.
 */
export async function askDirectly(
  listening: string,
  origin: string,
  { method, path, headers = {}, body }: DirectRequest,
): Promise<DirectAnswer> {
  const { hostname, port } = new URL(`http://${listening}`);
  const { promise, resolve, reject } = Promise.withResolvers<DirectAnswer>();
  const sent = request(
    { hostname, port, method, path, agent: false, headers: { ...headers, host: new URL(origin).host } },
    (response) => {
      text(response).then((answer) => {
        const json = (isJson(response) && answer !== "" ? JSON.parse(answer) : {}) as Record<string, unknown>;
        resolve({ status: response.statusCode ?? 0, json, text: answer });
      }, reject);
    },
  );
  sent.on("error", reject);
  sent.end(body);
  return promise;
}

/** What is sent. */
export interface DirectRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const isJson = ({ headers }: IncomingMessage): boolean => /[/+]json\b/.test(headers["content-type"] ?? "");
