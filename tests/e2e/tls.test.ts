import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { connect as connectHttp2 } from "node:http2";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { X509Certificate } from "node:crypto";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeAuthority, type Authority, type Certificate } from "../support/certificates.ts";
import { freePort } from "../support/free-port.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let folder: string;
let server: RunningServer | undefined;
let ca: Buffer;
let missing: string | undefined;
let authority: Authority;
let certificates: string;

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
  authority = makeAuthority(folder);
  certificates = join(folder, "certificates");
  const port = await freePort();
  server = await startServer({
    env: {
      KODER_ID_LISTEN: `127.0.0.1:${port}`,
      KODER_ID_PUBLIC_URL: `https://localhost:${port}`,
      KODER_ID_MODE: "production",
      KODER_ID_TLS_CERT: cert,
      KODER_ID_TLS_KEY: key,
      KODER_ID_TLS_DIR: certificates,
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
    const get = (path: string, headers: Record<string, string> = {}) =>
      new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
        const outgoing = request(new URL(path, url), { ca, headers, servername: "localhost" }, (incoming) => {
          let body = "";
          incoming.on("data", (chunk: Buffer) => (body += chunk.toString()));
          incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body }));
        });
        outgoing.on("error", reject).end();
      });
    const discovery = await get("/.well-known/openid-configuration");
    expect(JSON.parse(discovery.body)).toMatchObject({ issuer: url, token_endpoint: `${url}/oauth/v2/token` });
    const strict = async (host: string) => (await get("/oauth/v2/keys", { host })).headers["strict-transport-security"];
    expect(discovery.headers["strict-transport-security"]).toBe("max-age=31536000; includeSubDomains");
    expect(await strict("acme.localhost")).toBe("max-age=31536000; includeSubDomains");
    // A domain of somebody else: not every name below it is ours.
    for (const host of ["customer.example", "notlocalhost"]) expect(await strict(host)).toBe("max-age=31536000");
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

describe("a certificate for each domain", () => {
  /** Puts a pair where the server looks for that of a name. */
  function put(name: string, { certFile, keyFile }: Certificate): void {
    mkdirSync(join(certificates, name), { recursive: true });
    copyFileSync(certFile, join(certificates, name, "tls.crt"));
    copyFileSync(keyFile, join(certificates, name, "tls.key"));
  }
  const serialOf = (certFile: string) => new X509Certificate(readFileSync(certFile)).serialNumber;
  /** The serial number of what is shown for a name, which whoever vouches for it must be right about. */
  async function shown(url: string, servername: string): Promise<string> {
    const trusted = [ca, readFileSync(authority.certFile)];
    const socket = connectTls({ host: "127.0.0.1", port: Number(new URL(url).port), servername, ca: trusted });
    await once(socket, "secureConnect");
    const { serialNumber } = socket.getPeerCertificate();
    socket.destroy();
    return serialNumber;
  }

  test("is shown to who asks for its name, also when it comes or changes while the server runs", async (context) => {
    if (server === undefined) return context.skip(missing);
    const { url } = server;
    const running = server;
    expect(await shown(url, "localhost")).toBe(serialOf(join(folder, "tls.crt")));
    const first = authority.issue("first", ["*.id.localhost", "id.localhost"]);
    put("_.id.localhost", first);
    expect(await shown(url, "acme.id.localhost")).toBe(serialOf(first.certFile));

    const session = connectHttp2(url, { ca });
    await once(session, "connect");
    const second = authority.issue("second", ["*.id.localhost"]);
    put("_.id.localhost", second);
    await expect.poll(() => shown(url, "acme.id.localhost"), { timeout: 8_000 }).toBe(serialOf(second.certFile));
    writeFileSync(join(certificates, "_.id.localhost", "tls.key"), "no key");
    const warned = () => running.logs().find((line) => line.includes("_.id.localhost"));
    await expect
      .poll(async () => [await shown(url, "acme.id.localhost"), warned() !== undefined], { timeout: 8_000 })
      .toEqual([serialOf(second.certFile), true]);
    expect(warned()).toMatch(/"id":"KID-[A-Z]+-\d+-\w+"/);
    expect(warned()).not.toContain("no key");

    // The port's own, too; and who was connected before all of this still is.
    const own = authority.issue("own", ["localhost"]);
    copyFileSync(own.certFile, join(folder, "tls.crt"));
    copyFileSync(own.keyFile, join(folder, "tls.key"));
    await expect.poll(() => shown(url, "localhost"), { timeout: 8_000 }).toBe(serialOf(own.certFile));
    const stream = session.request({ ":path": "/oauth/v2/keys" });
    const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
    expect(headers[":status"]).toBe(200);
    stream.close();
    session.close();
  });
});
