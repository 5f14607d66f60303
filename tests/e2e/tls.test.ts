import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:https";
import { connect as connectHttp2 } from "node:http2";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let folder: string;
let server: RunningServer | undefined;
let ca: Buffer;
let missing: string | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "koder-id-tls-"));
  const [key, cert] = [join(folder, "tls.key"), join(folder, "tls.crt")];
  try {
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
        "-keyout",
        key,
        "-out",
        cert,
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
      ],
      { stdio: "ignore" },
    );
  } catch (error) {
    missing = `openssl makes no certificate here: ${String(error)}`;
    return;
  }
  ca = readFileSync(cert);
  const port = await freePort();
  server = await startServer({
    env: {
      KODER_ID_LISTEN: `127.0.0.1:${port}`,
      KODER_ID_PUBLIC_URL: `https://localhost:${port}`,
      KODER_ID_MODE: "production",
      KODER_ID_TLS_CERT: cert,
      KODER_ID_TLS_KEY: key,
      KODER_ID_MASTER_KEY_FILE: join(folder, "master-key"),
    },
  });
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("TLS, in production", () => {
  test("HTTP/1.1: the issuer is https, cookies are Secure and the host's alone", async (context) => {
    if (server === undefined) return context.skip(missing);
    const { url } = server;
    const get = (path: string) =>
      new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
        const outgoing = request(new URL(path, url), { ca }, (incoming) => {
          let body = "";
          incoming.on("data", (chunk: Buffer) => (body += chunk.toString()));
          incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body }));
        });
        outgoing.on("error", reject).end();
      });
    const discovery = await get("/.well-known/openid-configuration");
    expect(JSON.parse(discovery.body)).toMatchObject({ issuer: url, token_endpoint: `${url}/oauth/v2/token` });
    expect(discovery.headers["strict-transport-security"]).toMatch(/max-age=\d{8}/);
    const response = await get("/oauth/v2/authorize?client_id=nobody");
    expect(response.status).toBe(400);
    expect(String(response.headers["set-cookie"])).toMatch(
      /^__Host-koder_browser=.*; Path=\/; HttpOnly; SameSite=Lax; Secure/,
    );
  });

  test("HTTP/2 by ALPN", async (context) => {
    if (server === undefined) return context.skip(missing);
    const session = connectHttp2(server.url, { ca });
    const stream = session.request({ ":path": "/oauth/v2/keys" });
    const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
    expect([session.alpnProtocol, headers[":status"]]).toEqual(["h2", 200]);
    stream.close();
    session.close();
  });
});
