import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SMTPServer } from "smtp-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeAuthority } from "../support/certificates.ts";
import { resolveLocalNames } from "../support/localhost-names.ts";
import {
  createPerson,
  registerClient,
  rest,
  tokenRequest,
  tokensFor,
  type Instance,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { createTenant } from "../support/tenants.ts";

// Who says where a tenant's mails go has a link for everybody's password (A5, A14), and has the server connect to where they say (A17).

const folder = mkdtempSync(join(tmpdir(), "koder-id-mail-server-"));
const path = "/v1/admin/mail-server";
const password = "swordfish-of-the-mail-server";
const reach = { user_name: "acme", password, sender_address: "no-reply@acme.test" };

let server: RunningServer;
let tenant: Instance;
let mailServer: SMTPServer;
let mailPort: number;
let internal: Server;
let internalPort: number;
const met = { internal: 0 };
const mails: string[] = [];

beforeAll(async () => {
  resolveLocalNames();
  const authority = makeAuthority(folder);
  const { certFile, keyFile } = authority.issue("mail");
  mailServer = new SMTPServer({
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    logger: false,
    onAuth: (auth, _session, done) =>
      auth.username === "acme" && auth.password === password ? done(null, { user: "acme" }) : done(new Error("wrong")),
    onData(stream, _session, done) {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        mails.push(Buffer.concat(parts).toString("utf8"));
        done();
      });
    },
  });
  mailServer.on("error", () => undefined);
  const listening = mailServer.listen(0, "127.0.0.1");
  internal = createServer((socket) => {
    met.internal += 1;
    socket.end("220 secret banner\r\n");
  }).listen(0, "127.0.0.1");
  await Promise.all([once(listening, "listening"), once(internal, "listening")]);
  mailPort = (listening.address() as AddressInfo).port;
  internalPort = (internal.address() as AddressInfo).port;
  server = await startServer({
    preload: join(import.meta.dirname, "name-server.ts"),
    env: { KODER_ID_OUTBOUND_EXEMPT: `localhost:${mailPort}=${authority.certFile}`, KODER_ID_LOG_LEVEL: "trace" },
  });
  const { host } = await createTenant(server);
  tenant = { url: `http://${host}`, adminApiKey: server.adminApiKey };
});
afterAll(async () => {
  await server?.stop();
  internal?.close();
  await new Promise<void>((resolve) => mailServer?.close(() => resolve()));
  rmSync(folder, { recursive: true, force: true });
});

async function answer(of: Instance, credential: string, method: string, to: string, body?: object) {
  const { status, json } = await rest(of, method, to, body, credential);
  const { reason, message } = (json["error"] ?? {}) as { readonly reason?: string; readonly message?: string };
  return { status, reason, message, json };
}
const asAdmin = (method: string, to: string, body?: object) => answer(tenant, tenant.adminApiKey, method, to, body);

/** A service account with a role, whose token has every scope that could help. */
async function account(of: Instance, role: string): Promise<string> {
  const scope =
    "* branding.write policies.write users.write roles.write roles.assign mail_server.read mail_server.write";
  const client = await registerClient(of, { redirect_uris: [], grant_types: ["client_credentials"], scope });
  const given = await rest(of, "POST", `/v1/roles/${role}/assignments`, { client_id: client.clientId });
  expect(given.status).toBe(200);
  const { json } = await tokenRequest(of, client, { grant_type: "client_credentials", scope });
  return String(json["access_token"]);
}

describe("A5, A14: whose mails go where is for owners to say", () => {
  const mallorys = { host: "mail.mallory.test", sender_address: "no-reply@mallory.test" };
  const denied = { status: 403, reason: "PERMISSION_DENIED" };

  test.each(["user-admin", "client-admin", "auditor", "support"])(
    "not for %s, nor can they have the right",
    async (role) => {
      const token = await account(tenant, role);
      expect(await answer(tenant, token, "PATCH", path, mallorys)).toMatchObject(denied);
      expect(await answer(tenant, token, "POST", `${path}/test`, { to: "me@mallory.test" })).toMatchObject(denied);
      const mine = { name: `mine-${role}`, permissions: ["mail_server.write"] };
      expect(await answer(tenant, token, "POST", "/v1/roles", mine)).toMatchObject(denied);
      const { status, json } = await rest(tenant, "GET", path);
      expect([status, json["host"] ?? ""]).toEqual([200, ""]);
    },
  );

  test("nor for whoever designs its mails, nor for a person's token without that scope", async () => {
    const keyed = await asAdmin("POST", "/v1/roles", {
      name: "designer",
      permissions: ["branding.read", "branding.write", "users.read", "users.write", "policies.write"],
    });
    expect(keyed.status).toBe(200);
    const designer = await account(tenant, String(keyed.json["id"]));
    expect(await answer(tenant, designer, "PATCH", path, mallorys)).toMatchObject(denied);
    expect((await answer(tenant, designer, "PATCH", "/v1/admin/mail-settings", { sender_name: "Acme" })).status).toBe(
      200,
    );
    const owner = await createPerson(tenant);
    await rest(tenant, "POST", "/v1/roles/owner/assignments", { user_id: owner.id });
    const client = await registerClient(tenant, { scope: "openid branding.write mail_server.write" });
    const token = async (scope: string) =>
      (await tokensFor(tenant, client, owner.username, { parameters: { scope } })).accessToken;
    expect(await answer(tenant, await token("openid branding.write"), "PATCH", path, mallorys)).toMatchObject(denied);
    const back = await answer(tenant, await token("openid mail_server.write"), "PATCH", path, { host: "" });
    expect(back.status).toBe(200);
  });

  test("A32: in the default tenant, whose mails the instance's owner gets, not for a tenant's owner either", async () => {
    const owner = await account(server, "owner");
    expect(await answer(server, owner, "PATCH", path, mallorys)).toMatchObject(denied);
    expect((await answer(server, server.adminApiKey, "PATCH", path, { host: "" })).status).toBe(200);
  });
});

describe("A17: a mail server is no way inside", () => {
  const tried = async (host: string, port = 25) => {
    const set = await asAdmin("PATCH", path, { ...reach, host, port });
    if (set.status !== 200) return { reason: set.reason, fault: undefined, json: JSON.stringify(set.json) };
    const { reason, message, json } = await asAdmin("POST", `${path}/test`, { to: "a@acme.test" });
    return { reason, fault: message, json: JSON.stringify(json) };
  };

  test("names that lead to private addresses are answered as names that lead nowhere, and never connected to", async () => {
    const nobody = await tried("nobody.example");
    expect(nobody).toMatchObject({ reason: "TEST_MAIL_NOT_SENT", fault: expect.stringContaining("not public") });
    for (const host of ["private.example", "metadata.example", "mixed.example", "mapped.example", "nat64.example"]) {
      expect(await tried(host)).toMatchObject({ reason: nobody.reason, fault: nobody.fault });
    }
    for (const host of ["localhost", "127.0.0.0x1"]) {
      expect((await tried(host)).reason, host).toMatch(/TEST_MAIL_NOT_SENT|INVALID_REQUEST/);
    }
    for (const host of ["127.0.0.1", "[::1]", "a b", "x@localhost"]) {
      expect((await tried(host)).reason, host).toBe("INVALID_REQUEST");
    }
  });

  test("only ports of mail are reached, and an exemption is for its port alone", async () => {
    for (const [host, port] of [
      ["localhost", internalPort],
      ["private.example", internalPort],
      ["private.example", mailPort],
      ["private.example", 22],
      ["private.example", 4001],
    ] as const) {
      expect((await tried(host, port)).reason).toBe("MAIL_SERVER_INVALID");
    }
    expect(met.internal).toBe(0);
  });
});

describe("a mail server that is there", () => {
  test("takes the test mail, and then the link for a lost password; nobody else does", async () => {
    const set = await asAdmin("PATCH", path, { ...reach, host: "localhost", port: mailPort });
    expect(set.status, JSON.stringify(set.json)).toBe(200);
    expect(set.json).toMatchObject({ password_set: true, port: mailPort });
    const tried = await asAdmin("POST", `${path}/test`, { to: "admin@acme.test", language: "es" });
    expect(tried.status, JSON.stringify(tried.json)).toBe(200);
    expect(mails.at(-1)).toMatch(/^To: admin@acme\.test\r$/m);
    const { username, id } = await createPerson(tenant);
    await rest(tenant, "PATCH", `/v1/users/${id}`, { email: "ana@acme.test", email_verified: true });
    const before = mails.length;
    await rest(tenant, "POST", "/v1/auth/recovery", { username }, "");
    await expect.poll(() => mails.length, { timeout: 15_000 }).toBe(before + 1);
    expect(mails.at(-1)).toMatch(/^From: .*no-reply@acme\.test/m);
  });

  test("a wrong password is told as one, and no mail goes anywhere else", async () => {
    await asAdmin("PATCH", path, { user_name: "acme", password: "not the one" });
    const { reason, message } = await asAdmin("POST", `${path}/test`, { to: "admin@acme.test" });
    expect([reason, message]).toEqual(["TEST_MAIL_NOT_SENT", expect.stringContaining("user name and password")]);
  });

  test("A21: its password is nowhere to be read", async () => {
    await asAdmin("PATCH", path, { user_name: "acme", password });
    const shown = [await rest(tenant, "GET", path), await rest(tenant, "GET", "/v1/admin/audit?page_size=200")];
    const files = readdirSync(server.dataDir, { recursive: true, encoding: "utf8" })
      .map((name) => join(server.dataDir, name))
      .filter((file) => statSync(file).isFile());
    expect(files.length).toBeGreaterThan(1);
    for (const kept of [
      ...files.map((file) => readFileSync(file, "latin1")),
      server.logs().join("\n"),
      JSON.stringify(shown),
    ]) {
      expect(kept.includes(password)).toBe(false);
    }
  });
});
