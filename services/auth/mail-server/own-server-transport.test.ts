import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { RenderedMailSchema } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { makeAuthority, type Authority } from "../../../tests/support/certificates.ts";
import { readExemptions } from "../../host/outbound/exemptions.ts";
import { createGuardedConnect, type GuardedConnect } from "../../host/outbound/guarded-connect.ts";
import { createHostLanes } from "../../host/outbound/host-lanes.ts";
import { OutboundFailed } from "../../host/outbound/outbound-failed.ts";
import { MailNotSent } from "../mail/mail-transport.ts";
import { smtpPatience } from "../mail/smtp-transport.ts";
import { createOwnServerTransport } from "./own-server-transport.ts";
import type { OwnServer } from "./mail-server.ts";

const folder = mkdtempSync(join(tmpdir(), "koder-id-mail-server-"));
let authority: Authority;
let certificate: { readonly key: string; readonly cert: string };
beforeAll(() => {
  authority = makeAuthority(folder);
  const { certFile, keyFile } = authority.issue("mail");
  certificate = { key: readFileSync(keyFile, "utf8"), cert: readFileSync(certFile, "utf8") };
});
afterAll(() => rmSync(folder, { recursive: true }));

const mail = create(RenderedMailSchema, {
  to: "ana@example.com",
  subject: "Hola",
  text: "https://id.acme.test/reset?token=kmp_abc\n",
  senderName: "Acme",
  replyTo: "help@acme.test",
});
const job = { tenantId: "t1", id: "01JMAIL0000000000000000000" };

/** A real mail server; what it took, and what it was told before TLS. */
async function mailServer(options: SMTPServerOptions = {}) {
  const taken: { from: string; user: unknown; secure: boolean; data: string }[] = [];
  const server = new SMTPServer({
    ...certificate,
    authOptional: true,
    logger: false,
    onAuth({ username, password }, _session, callback) {
      if (username === "acme" && password === "swordfish") callback(null, { user: "acme" });
      else callback(new Error("wrong"));
    },
    onData(stream, session, callback) {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        const { mailFrom } = session.envelope;
        const from = mailFrom === false ? "" : mailFrom.address;
        taken.push({ from, user: session.user, secure: session.secure, data: Buffer.concat(parts).toString("utf8") });
        callback();
      });
    },
    ...options,
  });
  server.on("error", () => undefined); // whoever breaks a handshake off
  const listening = server.listen(0, "127.0.0.1");
  await once(listening, "listening");
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { taken, port: (listening.address() as AddressInfo).port };
}

/** A server that speaks as it is told. */
async function rawServer(met: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => undefined));
    met(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

const at = (port: number, more: Partial<OwnServer> = {}): OwnServer => ({
  host: "localhost",
  port,
  isTls: false,
  credentials: { user: "acme", password: "swordfish" },
  senderAddress: "no-reply@acme.test",
  ...more,
});
/** The way to servers on this machine, as an operator exempts them. */
const transportTo = (port: number, ca = authority.certFile) =>
  createOwnServerTransport(
    {
      connect: createGuardedConnect({
        exempt: readExemptions(`localhost:${port}${ca === "" ? "" : `=${ca}`}`),
        ports: [],
      }),
      name: "id.example",
    },
    createHostLanes({ perHost: 2, waiting: 2, overall: 12 }),
  );
const faultOf = async (sending: Promise<void>) => {
  const error = await sending.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof MailNotSent)) throw new Error(`no MailNotSent: ${String(error)}`);
  expect(`${error.fault} ${error.message}`).not.toMatch(/ana@|kmp_|swordfish|127\.0|secret banner/);
  return { fault: error.fault, isFinal: error.isFinal };
};

test.each([
  ["STARTTLS", false],
  ["TLS from the first byte", true],
])("by %s a mail is from the tenant's address, and the server knows who hands it over", async (_name, isTls) => {
  const { taken, port } = await mailServer({ secure: isTls });
  await transportTo(port).send(at(port, { isTls }), mail, job);
  expect(taken).toMatchObject([{ from: "no-reply@acme.test", user: "acme", secure: true }]);
  expect(taken[0]?.data).toMatch(/^From: Acme <no-reply@acme\.test>\r$/m);
  expect(taken[0]?.data).toMatch(/^Reply-To: help@acme\.test\r$/m);
  expect(taken[0]?.data).toMatch(/^Message-ID: <01jmail0000000000000000000@acme\.test>\r$/m);
});

test("a server that wants no credentials is given none", async () => {
  const { taken, port } = await mailServer({ disabledCommands: ["AUTH"] });
  await transportTo(port).send(at(port, { credentials: undefined }), mail, job);
  expect(taken).toMatchObject([{ secure: true }]);
});

test("A17: neither password nor mail crosses without TLS that is good for the server's name", async () => {
  vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
  const said: string[] = [];
  const { port: plain } = await rawServer((socket) => {
    socket.write("220 mail\r\n");
    socket.on("data", (chunk) => {
      said.push(chunk.toString());
      socket.write(chunk.toString().startsWith("EHLO") ? "250-mail\r\n250 AUTH PLAIN LOGIN\r\n" : "502 no\r\n");
    });
  });
  expect(await faultOf(transportTo(plain).send(at(plain), mail, job))).toEqual({ fault: "tls", isFinal: false });
  expect(said.join("")).not.toMatch(/AUTH|MAIL FROM/);
  for (const isTls of [false, true]) {
    const { taken, port } = await mailServer({ secure: isTls });
    expect(await faultOf(transportTo(port, "").send(at(port, { isTls }), mail, job))).toMatchObject({
      fault: "tls",
    });
    const { certFile, keyFile } = authority.issue("other", ["mail.other.test"]);
    const wrong = await mailServer({ secure: isTls, key: readFileSync(keyFile), cert: readFileSync(certFile) });
    const toWrong = transportTo(wrong.port).send(at(wrong.port, { isTls }), mail, job);
    expect(await faultOf(toWrong)).toMatchObject({ fault: "tls" });
    expect([taken, wrong.taken]).toEqual([[], []]);
  }
  vi.unstubAllEnvs();
});

test("what a server refuses is told by its step; only the recipient's refusal is final", async () => {
  const refusing = (responseCode: number) => Object.assign(new Error("secret banner"), { responseCode });
  const wrong = await mailServer();
  const credentials = { user: "acme", password: "swordfisj" };
  expect(await faultOf(transportTo(wrong.port).send(at(wrong.port, { credentials }), mail, job))).toEqual({
    fault: "sign_in",
    isFinal: false,
  });
  for (const [options, expected] of [
    [{ onMailFrom: (_a, _s, done) => done(refusing(550)) }, { fault: "sender", isFinal: false }],
    [{ onAuth: (_a, _s, done) => done(refusing(454)) }, { fault: "deferred", isFinal: false }],
    [{ onMailFrom: (_a, _s, done) => done(refusing(451)) }, { fault: "deferred", isFinal: false }],
    [{ onRcptTo: (_a, _s, done) => done(refusing(550)) }, { fault: "refused", isFinal: true }],
    [{ onRcptTo: (_a, _s, done) => done(refusing(451)) }, { fault: "deferred", isFinal: false }],
    [{ onConnect: (_s, done) => done(refusing(554)) }, { fault: "greeting", isFinal: false }],
  ] satisfies [SMTPServerOptions, object][]) {
    const { port } = await mailServer(options);
    expect(await faultOf(transportTo(port).send(at(port), mail, job))).toEqual(expected);
  }
});

test("A17: one that is dead, silent, slow or none at all looks the same, and holds nobody for long", async () => {
  const { port: dead } = await rawServer(() => undefined);
  const closed = createServer().listen(0, "127.0.0.1");
  await once(closed, "listening");
  const { port: gone } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const { port: dripping, sockets } = await rawServer((socket) => {
    const timer = setInterval(() => socket.write("2"), 20);
    socket.once("close", () => clearInterval(timer));
  });
  const { port: closing } = await rawServer((socket) => socket.end());
  for (const port of [dead, gone, dripping, closing]) {
    const began = performance.now();
    expect(await faultOf(transportTo(port).send(at(port), mail, job, 300))).toEqual({
      fault: "connection",
      isFinal: false,
    });
    expect(performance.now() - began).toBeLessThan(3_000);
  }
  await expect.poll(() => [...sockets].every(({ destroyed }) => destroyed)).toBe(true);
});

test("one that looks at a mail before it takes it has as long for that as the operator's", async () => {
  const times: number[] = [];
  const timeout = vi.spyOn(AbortSignal, "timeout").mockImplementation((time) => {
    times.push(time);
    return new AbortController().signal;
  });
  const { port } = await mailServer();
  await transportTo(port).send(at(port), mail, job);
  timeout.mockRestore();
  expect(times).toEqual([smtpPatience.whole]);
});

test("A27: one that cannot be reached, or says nothing, holds its place for no longer than it must", async () => {
  const { port: silent } = await rawServer(() => undefined);
  const vanishing: GuardedConnect = {
    mayReach: () => true,
    open: (_place, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new OutboundFailed("timeout")));
      }),
  };
  const exempted = createGuardedConnect({
    exempt: readExemptions(`localhost:${silent}=${authority.certFile}`),
    ports: [],
  });
  for (const connect of [vanishing, exempted]) {
    const began = performance.now();
    const limits = { connected: 200, greeted: 300 };
    const transport = createOwnServerTransport({ connect, name: "id.example" }, undefined, limits);
    expect(await faultOf(transport.send(at(silent), mail, job))).toMatchObject({ fault: "connection" });
    expect(performance.now() - began).toBeLessThan(3_000);
  }
});

test("A27: a slow server takes few of the places, and another tenant's mails go out meanwhile", async () => {
  const { port: slow } = await rawServer(() => undefined);
  const { taken, port } = await mailServer();
  const connect = createGuardedConnect({
    exempt: readExemptions([slow, port].map((one) => `localhost:${one}=${authority.certFile}`).join(",")),
    ports: [],
  });
  const transport = createOwnServerTransport({ connect, name: "id.example" });
  const held = Array.from({ length: 6 }, () => faultOf(transport.send(at(slow), mail, job, 1_000)));
  await transport.send(at(port), mail, { ...job, tenantId: "t2" });
  expect(taken).toHaveLength(1);
  const faults = (await Promise.all(held)).map(({ fault }) => fault);
  expect(faults.toSorted((a, b) => a.localeCompare(b))).toEqual([
    "busy",
    "busy",
    "connection",
    "connection",
    "connection",
    "connection",
  ]);
});
