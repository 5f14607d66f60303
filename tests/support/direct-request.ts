import { request } from "node:http";
import { text } from "node:stream/consumers";

/** What a server answered. */
export interface DirectAnswer {
  readonly status: number;
  readonly json: Record<string, unknown>;
}

/**
 * A request to one of several servers behind one origin: sent to its own address (`host:port`) on a connection of its own,
 * with the origin's Host.
 * Everybody answers JSON here; an empty body is read as an empty object.
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
        const json = (answer === "" ? {} : JSON.parse(answer)) as Record<string, unknown>;
        resolve({ status: response.statusCode ?? 0, json });
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
