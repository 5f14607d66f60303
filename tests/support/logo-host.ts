import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeAuthority } from "./certificates.ts";

/** A picture of one pixel. */
export const logoPng = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

/** A client's own host, which gives pictures and what is none. */
export interface LogoHost {
  /** Host and port. */
  readonly authority: string;
  /** Who vouches for its certificate, a PEM file. */
  readonly caFile: string;
  /** The paths that were asked for. */
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

const answers: Readonly<Record<string, { readonly type: string; readonly body: string | Buffer }>> = {
  "/logo.png": { type: "text/html", body: logoPng },
  "/script.png": { type: "image/png", body: "<script>alert(1)</script>" },
  "/picture.svg": {
    type: "image/svg+xml",
    body: "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
  },
  "/large.png": { type: "image/png", body: Buffer.concat([logoPng, Buffer.alloc(262_144)]) },
};

/** Starts it on loopback, with TLS. */
export async function startLogoHost(): Promise<LogoHost> {
  const folder = mkdtempSync(join(tmpdir(), "koder-id-logo-"));
  const vouching = makeAuthority(folder);
  const { certFile, keyFile } = vouching.issue("host");
  const requests: string[] = [];
  const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (request, response) => {
    const path = request.url ?? "";
    requests.push(path);
    const answer = answers[path];
    if (path === "/redirect.png") response.writeHead(302, { location: "/logo.png" }).end();
    else if (answer === undefined) response.writeHead(404, { "content-type": "image/png" }).end(logoPng);
    else response.writeHead(200, { "content-type": answer.type }).end(answer.body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    authority: `localhost:${(server.address() as AddressInfo).port}`,
    caFile: vouching.certFile,
    requests,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
