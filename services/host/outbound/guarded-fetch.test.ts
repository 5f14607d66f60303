import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi, type Mock } from "vitest";
import { makeAuthority, type Authority } from "../../../tests/support/certificates.ts";
import { readExemptions } from "./exemptions.ts";
import { createGuardedFetch, type GuardedFetch } from "./guarded-fetch.ts";
import { pinnedRequest } from "./pinned-request.ts";
import type { ResolveHost } from "./resolve-host.ts";

const folder = mkdtempSync(join(tmpdir(), "koder-id-outbound-"));
let authority: Authority;
let server: Server;
let port: number;
let exempt: GuardedFetch;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeAll(async () => {
  authority = makeAuthority(folder);
  const { certFile, keyFile } = authority.issue("keys");
  server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (request, response) =>
    answer(request, response),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ({ port } = server.address() as AddressInfo);
  exempt = createGuardedFetch({
    exempt: readExemptions(`localhost:${port}=${authority.certFile}`),
    limits: { time: 500 },
  });
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => {
  server?.closeAllConnections();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

const json = { tenantId: "t1", accept: "application/json", maxBytes: 1000 };
const get = (path = "/keys") => exempt.get(`https://localhost:${port}${path}`, json);

describe("an exempt host", () => {
  test("answers, and learns nothing but the request", async () => {
    let seen: IncomingMessage["headers"] = {};
    answer = (request, response) => {
      seen = request.headers;
      response.writeHead(200, { "content-type": "Application/JSON; charset=utf-8", "set-cookie": "a=b" });
      response.end('{"keys":[]}');
    };
    const { body, ...rest } = await get();
    expect(rest).toEqual({ status: 200, contentType: "application/json" });
    expect(Buffer.from(body).toString()).toBe('{"keys":[]}');
    expect(seen).toEqual({
      host: `localhost:${port}`,
      "user-agent": "koder-id",
      "accept-encoding": "identity",
      accept: "application/json",
      connection: "close",
    });
  });

  test("takes a POST, and a status that is no success is an answer", async () => {
    let seen = "";
    answer = (request, response) => {
      request.on("data", (chunk) => (seen += String(chunk)));
      request.on("end", () => response.writeHead(400).end());
    };
    const sent = { tenantId: "t1", contentType: "application/x-www-form-urlencoded", body: "logout_token=é" };
    expect((await exempt.post(`https://localhost:${port}/`, sent)).status).toBe(400);
    expect(seen).toBe(sent.body);
  });

  test("a redirect is not followed, wherever it leads", async () => {
    let requests = 0;
    answer = (_, response) => {
      requests += 1;
      response.writeHead(302, { location: "/other" }).end();
    };
    await expect(get()).rejects.toMatchObject({ fault: "redirect" });
    expect(requests).toBe(1);
  });

  test("a huge answer is cut off while it comes, whether it says its length or not", async () => {
    answer = (_, response) => response.writeHead(200, { "content-length": "1001" }).end("x".repeat(1001));
    await expect(get()).rejects.toMatchObject({ fault: "too_large" });
    let sent = 0;
    const closed = Promise.withResolvers<void>();
    answer = (request, response) => {
      request.socket.once("close", closed.resolve);
      const more = (): void => {
        sent += 10_000;
        if (!response.destroyed && sent < 100_000_000) response.write("x".repeat(10_000), more);
      };
      more();
    };
    await expect(get()).rejects.toMatchObject({ fault: "too_large" });
    await closed.promise;
    expect(sent).toBeLessThan(100_000_000);
  });

  test("a compressed answer, which nobody asked for, is not unpacked", async () => {
    answer = (_, response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(1_000_000)));
    await expect(get()).rejects.toMatchObject({ fault: "encoding" });
  });

  test("the time limit is one for everything: silence, and an answer that trickles", async () => {
    answer = () => undefined;
    await expect(get()).rejects.toMatchObject({ fault: "timeout" });
    answer = (request, response) => {
      const timer = setInterval(() => response.write(" "), 20);
      request.socket.once("close", () => clearInterval(timer));
    };
    await expect(get()).rejects.toMatchObject({ fault: "timeout" });
  });

  test("a connection that breaks off is a fault, not half an answer", async () => {
    answer = (_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("{");
      setTimeout(() => response.destroy(), 20);
    };
    await expect(get()).rejects.toMatchObject({ fault: "connection" });
  });
});

describe("TLS is verified", () => {
  test("by the authority that was named, or the system's; whatever the environment says", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    answer = (_, response) => response.end();
    const system = createGuardedFetch({ exempt: readExemptions(`localhost:${port}`) });
    await expect(system.get(`https://localhost:${port}/`, json)).rejects.toMatchObject({ fault: "tls" });
    const other = makeAuthority(folder, "other");
    const wrong = createGuardedFetch({ exempt: readExemptions(`localhost:${port}=${other.certFile}`) });
    await expect(wrong.get(`https://localhost:${port}/`, json)).rejects.toMatchObject({ fault: "tls" });
  });

  test("for the name in the URL", async () => {
    const request = {
      addresses: ["127.0.0.1"],
      ca: readFileSync(authority.certFile, "utf8"),
      method: "GET" as const,
      headers: {},
      body: undefined,
      maxBytes: 10,
      signal: AbortSignal.timeout(1000),
    };
    answer = (_, response) => response.end();
    const at = (host: string) => pinnedRequest({ ...request, url: new URL(`https://${host}:${port}/`) });
    expect((await at("localhost")).status).toBe(200);
    expect((await at("127.0.0.1")).status).toBe(200);
    await expect(at("keys.example")).rejects.toMatchObject({ fault: "tls" });
  });
});

describe("any other host", () => {
  const resolves = (...answers: string[][]) => {
    const resolve = vi.fn<ResolveHost>(async () => answers.shift() ?? []);
    return { resolve, guarded: createGuardedFetch({ exempt: [], resolve, limits: { time: 300 } }) };
  };

  test.each([
    ["http://keys.example/"],
    ["ftp://keys.example/"],
    ["file:///etc/passwd"],
    ["https://user@keys.example/"],
    ["https://:password@keys.example/"],
    ["https://keys.example:8443/"],
    ["https://keys.example:80/"],
    ["https:"],
    ["keys.example"],
    [""],
    [`https://keys.example/${"x".repeat(2048)}`],
  ])("%s is not fetched", async (url) => {
    const { guarded, resolve } = resolves(["1.1.1.1"]);
    await expect(guarded.get(url, json)).rejects.toMatchObject({ fault: "url" });
    expect(resolve).not.toHaveBeenCalled();
  });

  test.each([
    ["https://127.0.0.1/"],
    ["https://2130706433/"],
    ["https://0x7f.1/"],
    ["https://0177.0.0.1/"],
    ["https://169.254.169.254/latest/meta-data"],
    ["https://[::1]/"],
    ["https://[::ffff:127.0.0.1]/"],
    ["https://[::ffff:a00:1]/"],
    ["https://[64:ff9b::7f00:1]/"],
    ["https://[fd00:ec2::254]/"],
    ["https://0/"],
  ])("%s is no public address", async (url) => {
    const { guarded, resolve } = resolves();
    await expect(guarded.get(url, json)).rejects.toMatchObject({ fault: "address" });
    expect(resolve).not.toHaveBeenCalled();
  });

  test("every address of a name must be public", async () => {
    for (const addresses of [[], ["127.0.0.1"], ["1.1.1.1", "10.0.0.1"], ["2606:4700:4700::1111", "::1"]]) {
      const { guarded } = resolves(addresses);
      await expect(guarded.get("https://keys.example/", json)).rejects.toMatchObject({ fault: "address" });
    }
  });

  test("rebinding: a name is asked for once, and the connection goes to what was answered then", async () => {
    const send = vi.fn<typeof pinnedRequest>(async () => ({ status: 200, contentType: "", body: new Uint8Array() }));
    const resolve: Mock<ResolveHost> = vi.fn<ResolveHost>(async () =>
      resolve.mock.calls.length === 1 ? ["1.1.1.1", "2606:4700::1"] : ["127.0.0.1"],
    );
    const guarded = createGuardedFetch({ exempt: [], resolve, send });
    await guarded.get("https://keys.example/", json);
    expect(resolve).toHaveBeenCalledTimes(1);
    expect(send.mock.calls[0]?.[0]).toMatchObject({ addresses: ["1.1.1.1", "2606:4700::1"], ca: undefined });
    // The name leads to the server's own address; the connection goes to the one that was given.
    answer = (_, response) => response.end();
    const elsewhere = pinnedRequest({
      url: new URL(`https://localhost:${port}/`),
      addresses: ["127.0.0.2"],
      ca: readFileSync(authority.certFile, "utf8"),
      method: "GET",
      headers: {},
      body: undefined,
      maxBytes: 10,
      signal: AbortSignal.timeout(1000),
    });
    await expect(elsewhere).rejects.toMatchObject({ fault: "connection" });
  });

  test("A27: a tenant that has us wait at many hosts, or at one, holds up no other", async () => {
    const asked: string[] = [];
    const guarded = createGuardedFetch({
      exempt: [],
      resolve: (name) => {
        asked.push(name);
        return name.startsWith("slow") ? new Promise(() => undefined) : Promise.resolve([]);
      },
      limits: { time: 300, perTenant: 8 },
    });
    const of = (tenantId: string, host: string) => guarded.get(`https://${host}/`, { ...json, tenantId });
    const hosts = [
      "slow",
      "slow",
      "slow",
      "slow",
      "slow-1.example",
      "slow-2.example",
      "slow-3.example",
      "slow-4.example",
    ];
    const held = Promise.allSettled(hosts.map((host) => of("greedy", host)));
    await expect(of("greedy", "keys.example")).rejects.toMatchObject({ fault: "busy" });
    await expect(of("t1", "keys.example")).rejects.toMatchObject({ fault: "address" });
    await expect(of("t1", "slow")).rejects.toMatchObject({ fault: "timeout" });
    expect(asked.filter((name) => name === "slow")).toHaveLength(5);
    await held;
  });

  test("name servers that never answer are given up in time", async () => {
    const guarded = createGuardedFetch({
      exempt: [],
      resolve: () => new Promise(() => undefined),
      limits: { time: 50 },
    });
    await expect(guarded.get("https://keys.example/", json)).rejects.toMatchObject({ fault: "timeout" });
  });
});

describe("exemptions", () => {
  test("are of a host and a port, in any case, with or without an authority", () => {
    expect(readExemptions("Keys.Internal:8443=/etc/ca=1.pem, [::1]:9, 10.0.0.1:443")).toEqual([
      { hostname: "keys.internal", port: 8443, caFile: "/etc/ca=1.pem" },
      { hostname: "[::1]", port: 9, caFile: undefined },
      { hostname: "10.0.0.1", port: 443, caFile: undefined },
    ]);
  });

  test.each([
    "",
    "keys",
    "keys:",
    "keys:0",
    "keys:99999",
    "https://keys:1",
    "a@keys:1",
    "keys:1/x",
    "keys:1,",
    "*:443 x",
  ])("%j is none", (text) => expect(() => readExemptions(text)).toThrow("must be <host>:<port>"));

  test("a file of who vouches is told of, by its name and the setting's, where it is not there or has no certificate", () => {
    const empty = join(folder, "empty.pem");
    writeFileSync(empty, "");
    for (const file of [join(folder, "missing.pem"), folder, empty]) {
      expect(() => createGuardedFetch({ exempt: readExemptions(`localhost:1=${file}`) })).toThrow(
        `the file ${file} of KODER_ID_OUTBOUND_EXEMPT cannot be used: `,
      );
    }
  });

  test("another port, or another spelling of the host, is not exempt", async () => {
    await expect(exempt.get(`https://localhost:${port + 1}/`, json)).rejects.toMatchObject({ fault: "url" });
    await expect(exempt.get(`https://127.0.0.1:${port}/`, json)).rejects.toMatchObject({ fault: "url" });
    await expect(exempt.get(`https://localhost.:${port}/`, json)).rejects.toMatchObject({ fault: "url" });
  });
});
