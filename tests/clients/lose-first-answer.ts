import { once } from "node:events";
import { createServer, request as send } from "node:http";
import type { AddressInfo } from "node:net";

/** A way to a server on which one answer is lost. */
export interface LossyProxy {
  /** Origin, without a slash at the end. */
  readonly url: string;
  /** How many answers were lost until now. */
  lost(): number;
  close(): void;
}

/**
 * Starts a proxy to the origin `upstream` that cuts the connection instead of passing on the first answer to `path`: the
 * server has done what was asked, and the caller cannot know.
 */
export async function loseFirstAnswer(upstream: string, path: string): Promise<LossyProxy> {
  const { host, hostname, port } = new URL(upstream);
  let lost = 0;
  const proxy = createServer((incoming, outgoing) => {
    const { url = "/", method, headers } = incoming;
    const forwarded = send({ hostname, port, path: url, method, headers: { ...headers, host } }, (answer) => {
      if (url === path && lost === 0) {
        lost += 1;
        incoming.socket.destroy();
        answer.resume();
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on("error", () => incoming.socket.destroy());
    incoming.pipe(forwarded);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    lost: () => lost,
    close: () => {
      proxy.close();
      proxy.closeAllConnections();
    },
  };
}
