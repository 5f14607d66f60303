import { generateKeyPairSync, type KeyObject } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { connect as connectHttp2, type SecureClientSessionOptions } from "node:http2";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ServiceName } from "../../services/host/call.ts";
import { hostOf } from "../../services/host/peers.ts";
import { loadServiceKeys } from "../../services/host/service-keys.ts";
import { createServiceTokenIssuer } from "../../services/vault/service-token.ts";
import { buildDescriptors } from "../contract/build-descriptors.ts";
import { makeAuthority, type Authority, type Certificate } from "../support/certificates.ts";
import { isOpen } from "../support/open-method.ts";
import { createPerson, registerClient, tokensFor, userinfoStatus } from "../support/relying-party.ts";
import { startSplitServer, type SplitServer } from "../support/split-server.ts";

let folder: string;
let authority: Authority;
let certificate: Certificate;
let server: SplitServer;
let tenantId: string;
let userId: string;
let accessToken: string;
let oauthKey: KeyObject;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "koder-id-ports-"));
  authority = makeAuthority(folder);
  certificate = authority.issue("service", ["localhost", "*.peers.test"]);
  server = await startSplitServer({
    env: {
      KODER_ID_SERVICE_TLS_CERT: certificate.certFile,
      KODER_ID_SERVICE_TLS_KEY: certificate.keyFile,
      KODER_ID_SERVICE_TLS_CA: authority.certFile,
      KODER_ID_SERVICE_TLS_MUTUAL: "on",
    },
  });
  const client = await registerClient(server);
  const person = await createPerson(server);
  userId = person.id;
  ({ accessToken } = await tokensFor(server, client, person.username));
  const [, claims = ""] = accessToken.split(".");
  ({ tenant_id: tenantId } = JSON.parse(Buffer.from(claims, "base64url").toString()) as { tenant_id: string });
  const key = (await loadServiceKeys(server.serviceKeys, ["oauth"])).privateKeys.get("oauth");
  if (key === undefined) throw new Error("the oauth service has no key");
  oauthKey = key;
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** How whoever has one of our certificates connects. */
const trusted = (): SecureClientSessionOptions => ({
  ca: readFileSync(authority.certFile),
  cert: readFileSync(certificate.certFile),
  key: readFileSync(certificate.keyFile),
});

/** A call to a service's port; answers status and body, or throws what the connection says. */
async function call(
  service: Exclude<ServiceName, "gateway">,
  method: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
  options = trusted(),
): Promise<{ readonly status: number; readonly body: string }> {
  const session = connectHttp2(`https://${server.grpc[service]}`, options);
  try {
    const failed = once(session, "close").then(() => Promise.reject(new Error("the connection was closed")));
    failed.catch(() => {});
    const stream = session.request({
      ":method": "POST",
      ":path": `/${method}`,
      "content-type": "application/json",
      "connect-protocol-version": "1",
      ...headers,
    });
    const message = Buffer.from(JSON.stringify(body));
    const isStream = headers["content-type"] === "application/connect+json";
    // Each message of a stream comes after a byte of flags and its length.
    const [flags, length] = [Buffer.alloc(1), Buffer.alloc(4)];
    length.writeUInt32BE(message.length);
    stream.setEncoding("utf8").end(isStream ? Buffer.concat([flags, length, message]) : message);
    let answer = "";
    stream.on("data", (chunk: string) => (answer += chunk));
    const [[head]] = (await Promise.race([
      Promise.all([once(stream, "response"), once(stream, "end")]),
      failed,
    ])) as unknown as [[Readonly<Record<string, unknown>>], unknown];
    return { status: Number(head[":status"]), body: answer };
  } finally {
    session.destroy();
  }
}

const getClaims = "koder.identity.v1.CredentialService/GetClaims";

/** A service token as the oauth service makes it, but for what is said otherwise. */
function token({
  service = "oauth",
  privateKey = oauthKey,
  audience = "identity",
  method = getClaims,
  tenant = tenantId,
  at = Date.now(),
} = {}): Record<string, string> {
  const issue = createServiceTokenIssuer({ service, privateKey, clock: () => at });
  return { "x-koder-service-token": issue({ audience, method, tenantId: tenant }) };
}

describe("A25: a port that can be reached is not a port that is open", () => {
  test("mutual TLS: the product works, and who has no certificate of ours has no connection", async () => {
    expect(await userinfoStatus(server, accessToken)).toBe(200);
    const strangers = makeAuthority(folder, "strangers");
    const stranger = strangers.issue("stranger");
    const { ca } = trusted();
    const ofStranger = { cert: readFileSync(stranger.certFile), key: readFileSync(stranger.keyFile) };
    expect((await call("identity", getClaims, { userId }, token())).status).toBe(200);
    for (const options of [{ ca }, { ca, ...ofStranger }] as SecureClientSessionOptions[]) {
      await expect(call("identity", getClaims, { userId }, token(), options)).rejects.toThrow(
        /alert|closed|ECONNRESET|socket hang up/i,
      );
    }
    await expect(
      call("identity", getClaims, { userId }, token(), { ...trusted(), ca: undefined as never }),
    ).rejects.toThrow(/certificate/);
    // In clear text nobody answers either.
    await expect(fetch(`http://${server.grpc.identity}/${getClaims}`, { method: "POST" })).rejects.toThrow(
      "fetch failed",
    );
  });

  test("by a name of its certificate or by its address, not by another that was turned to it", async () => {
    const by = async (host: string) => {
      const { ca, cert, key } = trusted();
      const options = { ca, cert, key, servername: "localhost", headers: { host } };
      const outgoing = request(`https://${server.http.identity}/healthz`, options).end();
      const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
      incoming.resume();
      const { status } = await call("identity", getClaims, { userId }, { ...token(), ":authority": host });
      return [incoming.statusCode, status];
    };
    expect(await by("identity.peers.test:4001")).toEqual([200, 200]);
    expect(await by("127.0.0.1:4001")).toEqual([200, 200]);
    expect(await by("rebound.test:4001")).toEqual([421, 421]);
    expect(await by("a.b.peers.test:4001")).toEqual([421, 421]);
  });

  test("without a service token or a credential no method of any service gives anything", async () => {
    const files = await buildDescriptors();
    const methods = files.flatMap((file) => file.services).flatMap((service) => service.methods);
    expect(methods.length).toBeGreaterThan(30);
    for (const method of methods) {
      const host = hostOf(method.parent);
      if (host === "gateway") throw new Error(`${method.parent.typeName} has no port`);
      const path = `${method.parent.typeName}/${method.name}`;
      if (method.methodKind === "server_streaming") {
        const { body } = await call(host, path, {}, { "content-type": "application/connect+json" });
        expect(body, method.name).toMatch(/"code":"unauthenticated".*"(?:SERVICE_TOKEN_INVALID|CREDENTIAL_MISSING)"/);
        continue;
      }
      const answer = await call(host, path, {});
      if (isOpen(method)) {
        // What is open to everybody asks for a secret of its own, or says what an empty request lacks.
        expect([400, 404], `${method.name}: ${answer.body}`).toContain(answer.status);
        continue;
      }
      expect([method.name, answer.status], answer.body).toEqual([method.name, 401]);
      expect(answer.body).toMatch(/"(?:SERVICE_TOKEN_INVALID|CREDENTIAL_MISSING)"/);
    }
  });

  test("a service token is good for its callee, its method, its time, and from its own service", async () => {
    const good = await call("identity", getClaims, { userId }, token());
    expect([good.status, JSON.parse(good.body)]).toEqual([200, expect.objectContaining({ user: expect.anything() })]);
    const other = generateKeyPairSync("ed25519").privateKey;
    const bad: Readonly<Record<string, Record<string, string>>> = {
      "another callee's": token({ audience: "session" }),
      "another method's": token({ method: "koder.identity.v1.CredentialService/VerifyPassword" }),
      "by an unknown key": token({ privateKey: other }),
      "of a service that is not allowed to": token({ service: "session" }),
      "of a service that is none": token({ service: "mail" }),
      expired: token({ at: Date.now() - 61_000 }),
      "of the future": token({ at: Date.now() + 60_000 }),
      "no token at all": { "x-koder-service-token": "sesame" },
    };
    for (const [name, headers] of Object.entries(bad)) {
      const answer = await call("identity", getClaims, { userId }, headers);
      expect([name, answer.status, answer.body]).toEqual([name, 401, expect.stringContaining("SERVICE_TOKEN_INVALID")]);
    }
  });

  test("a service token's tenant is the only one that it reaches", async () => {
    const elsewhere = await call("identity", getClaims, { userId }, token({ tenant: "01JZZZZZZZZZZZZZZZZZZZZZZZ" }));
    expect([elsewhere.status, elsewhere.body]).toEqual([404, expect.stringContaining("USER_NOT_FOUND")]);
    const both = await call("identity", getClaims, { userId }, { ...token(), "x-koder-tenant": "default" });
    expect([both.status, both.body]).toEqual([400, expect.stringContaining("TENANT_HEADER_REFUSED")]);
  });
});
