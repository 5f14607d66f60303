import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { sendRaw } from "../attacks/raw-request.ts";
import { startServer } from "../support/server.ts";

const message = /the public URL .* is another one/;

test("a start with another public URL than the last one says so, with both; the one after it does not", async () => {
  const first = await startServer({ env: { KODER_ID_PUBLIC_URL: "http://id.localhost:8080" } });
  onTestFinished(() => first.stop());
  const again = async (publicUrl: string) => {
    const server = await startServer({ dataDir: first.dataDir, env: { KODER_ID_PUBLIC_URL: publicUrl } });
    await server.stop();
    return server.logs().filter((line) => message.test(line));
  };
  expect(first.logs().filter((line) => message.test(line))).toEqual([]);
  await first.end();
  expect(await again("http://id.localhost:8080")).toEqual([]);
  const [told, ...more] = await again("http://login.localhost:8080");
  expect(JSON.parse(told ?? "{}")).toMatchObject({
    level: "warn",
    before: "http://id.localhost:8080",
    now: "http://login.localhost:8080",
  });
  expect(more).toEqual([]);
  expect(await again("http://login.localhost:8080")).toEqual([]);
});

test("a host with the port that https has anyway is the same: gRPC clients name it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "koder-id-public-url-"));
  const server = await startServer({
    env: {
      KODER_ID_PUBLIC_URL: "https://id.example.test",
      KODER_ID_TRUSTED_PROXIES: "127.0.0.1",
      KODER_ID_MASTER_KEY_FILE: join(folder, "master-key"),
    },
  });
  onTestFinished(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const send = (host: string, method: string, path: string, body = "") =>
    sendRaw(`http://${server.listening}`, {
      method,
      path,
      headers: { host, authorization: `Bearer ${server.adminApiKey}`, "content-type": "application/json" },
      body: Buffer.from(body),
    });
  expect((await send("id.example.test:443", "POST", "/v1/admin/tenants", '{"slug":"acme"}')).status).toBe(200);
  const issuers: Readonly<Record<string, string | undefined>> = {
    "id.example.test": "https://id.example.test",
    "id.example.test:443": "https://id.example.test",
    "acme.id.example.test:443": "https://acme.id.example.test",
    "id.example.test:80": undefined,
    "acme.id.example.test:8443": undefined,
    "id.example.test:443:443": undefined,
  };
  for (const [host, issuer] of Object.entries(issuers)) {
    const { status, body } = await send(host, "GET", "/.well-known/openid-configuration");
    const found = status === 200 ? (JSON.parse(body) as { readonly issuer: string }).issuer : undefined;
    expect([host, found]).toEqual([host, issuer]);
  }
});
