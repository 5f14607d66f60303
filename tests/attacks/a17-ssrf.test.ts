import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testSigner } from "../../services/vault/testing/test-signer.ts";
import { makeAuthority } from "../support/certificates.ts";
import { registerClient } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

const folder = mkdtempSync(join(tmpdir(), "koder-id-ssrf-"));
const signer = testSigner("1");
const keySet = JSON.stringify({ keys: [signer.jwk] });

interface Host {
  readonly port: number;
  /** Requests that it was sent. */
  requests: number;
  /** Connections to it, with or without a request. */
  connections: number;
  readonly server: Server;
}
let server: RunningServer;
let exempt: Host;
let internal: Host;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeAll(async () => {
  const authority = makeAuthority(folder);
  const { certFile, keyFile } = authority.issue("keys");
  async function host(): Promise<Host> {
    const tls = { cert: readFileSync(certFile), key: readFileSync(keyFile) };
    const listener = createServer(tls, (request, response) => {
      made.requests += 1;
      answer(request, response);
    });
    listener.on("connection", () => (made.connections += 1));
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    const made = { port: (listener.address() as AddressInfo).port, requests: 0, connections: 0, server: listener };
    return made;
  }
  [exempt, internal] = [await host(), await host()];
  server = await startServer({
    preload: join(import.meta.dirname, "name-server.ts"),
    env: {
      KODER_ID_OUTBOUND_EXEMPT: `localhost:${exempt.port}=${authority.certFile}`,
      // Nobody is there: whatever went through it would fail.
      NODE_USE_ENV_PROXY: "1",
      HTTPS_PROXY: "http://127.0.0.1:9",
      NODE_TLS_REJECT_UNAUTHORIZED: "0",
    },
  });
});
afterAll(async () => {
  await server?.stop();
  for (const host of [exempt, internal]) {
    host?.server.closeAllConnections();
    host?.server.close();
  }
  rmSync(folder, { recursive: true, force: true });
});

let made = 0;
/** Registers a client whose keys are at a URL, and has it ask for a token, so that they are fetched. */
async function fetchedFrom(jwksUri: string): Promise<{ readonly status: number; readonly said: string }> {
  const { clientId } = await registerClient(server, {
    grant_types: ["client_credentials"],
    redirect_uris: [],
    token_endpoint_auth_method: "private_key_jwt",
    jwks_uri: jwksUri,
  });
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: clientId, sub: clientId, aud: server.url, exp: now + 60, jti: `j${(made += 1)}` };
  const response = await fetch(`${server.url}/oauth/v2/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: signer.sign(claims),
    }),
  });
  const json = (await response.json()) as { error_description?: string };
  return { status: response.status, said: json.error_description ?? "" };
}
const good = (_request: IncomingMessage, response: ServerResponse) =>
  response.writeHead(200, { "content-type": "application/json" }).end(keySet);

describe("A17: what a client names is fetched from public hosts only", () => {
  test("a host that the operator exempted is fetched, past any proxy", async () => {
    answer = good;
    expect(await fetchedFrom(`https://localhost:${exempt.port}/keys`)).toEqual({ status: 200, said: "" });
    expect(exempt.requests).toBe(1);
  });

  test("addresses inside, by whatever spelling or name, are never connected to", async () => {
    answer = good;
    for (const [host, why] of [
      [`127.0.0.1:${internal.port}`, "port 443"],
      [`localhost:${internal.port}`, "port 443"],
      [`127.0.0.1:${exempt.port}`, "port 443"],
      ["127.0.0.1", "not public"],
      ["2130706433", "not public"],
      ["0x7f.1", "not public"],
      ["[::1]", "not public"],
      ["[::ffff:127.0.0.1]", "not public"],
      ["169.254.169.254", "not public"],
      ["10.0.0.1", "not public"],
      ["localhost", "not public"],
      ["private.example", "not public"],
      ["metadata.example", "not public"],
      ["mixed.example", "not public"],
      ["mapped.example", "not public"],
      ["nat64.example", "not public"],
      ["nobody.example", "no address"],
    ] as const) {
      const { status, said } = await fetchedFrom(`https://${host}/latest/meta-data`);
      expect([host, status, said]).toEqual([host, 401, expect.stringContaining(why)]);
    }
    expect([internal.connections, exempt.requests]).toEqual([0, 1]);
  });

  test("a redirect leads nowhere", async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      answer = (_, response) =>
        response.writeHead(status, { location: `https://localhost:${internal.port}/keys` }).end(keySet);
      const { said } = await fetchedFrom(`https://localhost:${exempt.port}/keys`);
      expect(said).toContain("redirect");
    }
    expect(internal.connections).toBe(0);
  });

  test("an answer that is huge, compressed, of another type or never ends is given up, and the server goes on", async () => {
    const from = () => fetchedFrom(`https://localhost:${exempt.port}/keys`);
    answer = (_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      // A write after the other side has gone fails in the same turn: others must have theirs in between.
      const more = (failed?: Error | null): void => {
        if (!failed && !response.destroyed) response.write(" ".repeat(65_536), (error) => setImmediate(more, error));
      };
      more();
    };
    expect((await from()).said).toContain("too large");
    const bomb = gzipSync(Buffer.alloc(50_000_000, " "));
    answer = (_, response) =>
      response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end(bomb);
    expect((await from()).said).toContain("compressed");
    answer = (_, response) => response.writeHead(200, { "content-type": "text/html" }).end(keySet);
    expect((await from()).said).toContain("content type");
    answer = (_, response) => response.writeHead(200, { "content-type": "application/json" }).write(" ");
    const begun = Date.now();
    expect((await from()).said).toContain("in time");
    expect(Date.now() - begun).toBeLessThan(20_000);
    answer = good;
    expect((await from()).status).toBe(200);
  });
});
