import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { create } from "@bufbuild/protobuf";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterEach, expect, test } from "vitest";
import { RenderedMailSchema } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { takenFor } from "./deliver-mails.ts";
import { MailNotSent } from "./mail-transport.ts";
import { createSmtpTransport, ownName, smtpPatience, type SmtpPatience } from "./smtp-transport.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const mail = create(RenderedMailSchema, {
  to: "ana@example.com",
  subject: "Elige una contraseña nueva",
  text: "Hola, Ana: https://id.acme.test/reset?token=kmp_abc\n",
  html: "<p>Hola, Ana</p>",
});
const job = { tenantId: "t1", id: "01JMAIL0000000000000000000" };
const short: SmtpPatience = { dns: 500, connection: 500, greeting: 300, silence: 500, whole: 1_500 };

async function mailServer(options: SMTPServerOptions = {}) {
  const taken: { from: string; to: string[]; data: string }[] = [];
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    logger: false,
    onData(stream, session, callback) {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        taken.push({
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          data: Buffer.concat(parts).toString("utf8"),
        });
        callback();
      });
    },
    ...options,
  });
  const listening = server.listen(0, "127.0.0.1");
  await once(listening, "listening");
  closing.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { taken, port: (listening.address() as AddressInfo).port };
}

async function transportTo(port: number, more: { user?: string; password?: string; needsTls?: boolean } = {}) {
  const server = {
    host: "127.0.0.1",
    port,
    isTls: false,
    needsTls: more.needsTls ?? false,
    user: more.user,
    password: more.password,
  };
  const transport = await createSmtpTransport({ server, from: "Acme <no-reply@acme.test>" }, short);
  closing.push(() => transport.close());
  return transport;
}

const failing = async (sending: Promise<void>) => {
  const error = await sending.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof MailNotSent)) throw new Error(`no MailNotSent: ${String(error)}`);
  expect(`${error.fault} ${error.message}`).not.toMatch(/ana@|kmp_|swordfish/);
  return { fault: error.fault, isFinal: error.isFinal };
};

test("a server takes a mail with text and HTML, in whichever language", async () => {
  const names: string[] = [];
  const { taken, port } = await mailServer({
    onMailFrom(_address, { hostNameAppearsAs }, callback) {
      names.push(hostNameAppearsAs);
      callback();
    },
  });
  await (await transportTo(port)).send(mail, job);
  expect(taken).toMatchObject([{ from: "no-reply@acme.test", to: ["ana@example.com"] }]);
  expect(names).toEqual(["acme.test"]);
  const data = taken[0]?.data ?? "";
  expect(data).toMatch(/^From: Acme <no-reply@acme\.test>/m);
  expect(data).toMatch(/^Subject: =\?UTF-8\?/m);
  expect(data).toMatch(/^Auto-Submitted: auto-generated/m);
  expect(data).toContain("text/plain");
  expect(data).toContain("text/html");
});

test("is from the tenant's name at the operator's address, and answers go where the tenant says", async () => {
  const { taken, port } = await mailServer();
  const of = { senderName: 'Shop "Ü", <ceo@bank.test>\r\nBcc: x@y.test', replyTo: "help@shop.test" };
  await (await transportTo(port)).send(create(RenderedMailSchema, { ...mail, ...of }), job);
  expect(taken).toMatchObject([{ from: "no-reply@acme.test", to: ["ana@example.com"] }]);
  const [head = ""] = (taken[0]?.data ?? "").replaceAll("\r\n ", " ").split("\r\n\r\n");
  expect(head).toMatch(/^From: .+ <no-reply@acme\.test>$/m);
  expect(head).toMatch(/^Reply-To: help@shop\.test$/m);
  expect(head).not.toMatch(/^Bcc:/m);
});

test("a mail that was taken without our hearing of it has the same Message-ID when it is sent again", async () => {
  const { taken, port } = await mailServer();
  const sockets: Socket[] = [];
  let isCut = true;
  const cutting = createServer((socket) => {
    const onward = connect(port, "127.0.0.1");
    for (const one of [socket, onward]) sockets.push(one.on("error", () => undefined));
    socket.on("data", (chunk: Buffer) => void onward.write(chunk));
    // All that the server says gets through but for that it has taken the mail.
    onward.on("data", (chunk: Buffer) => (isCut && taken.length > 0 ? socket.destroy() : socket.write(chunk)));
  });
  cutting.listen(0, "127.0.0.1");
  await once(cutting, "listening");
  closing.push(async () => {
    for (const one of sockets) one.destroy();
    cutting.close();
  });
  const transport = await transportTo((cutting.address() as AddressInfo).port);
  expect(await failing(transport.send(mail, job))).toMatchObject({ isFinal: false });
  isCut = false;
  await transport.send(mail, job);
  await transport.send(mail, { ...job, id: "01JMAIL0000000000000000001" });
  const ids = taken.map(({ data }) => /^Message-ID: (.*)$/m.exec(data)?.[1]);
  expect(ids).toEqual([
    "<01jmail0000000000000000000@acme.test>",
    "<01jmail0000000000000000000@acme.test>",
    "<01jmail0000000000000000001@acme.test>",
  ]);
});

test.each([
  ["no-reply@acme.test", "acme.test"],
  ["Acme, Inc. <no-reply@acme.test>", "acme.test"],
  ["Zürich <no-reply@münchen.test>", "xn--mnchen-3ya.test"],
])("where mails are from %s we are %s", (from, name) => {
  expect(ownName(from)).toBe(name);
});

test("the operator's name may have any marks", async () => {
  const { taken, port } = await mailServer();
  for (const name of ["Acme, Inc.", "Acme; Accounts: all", "Zürich (Acme)"]) {
    const server = { host: "127.0.0.1", port, isTls: false, needsTls: false, user: undefined, password: undefined };
    const from = `${name} <no-reply@acme.test>`;
    const transport = await createSmtpTransport({ server, from }, short);
    closing.push(() => transport.close());
    await transport.send(mail, job);
  }
  expect(taken.map(({ from }) => from)).toEqual(Array(3).fill("no-reply@acme.test"));
  expect(taken.map(({ data }) => /^From: (.*)\r$/m.exec(data)?.[1])).toEqual([
    '"Acme, Inc." <no-reply@acme.test>',
    '"Acme; Accounts: all" <no-reply@acme.test>',
    expect.stringMatching(/^=\?UTF-8\?Q\?Z=C3=BCrich_=28Acme=29\?= <no-reply@acme\.test>$/),
  ]);
});

test("signs in where the server wants it, and tells of a wrong password without giving up", async () => {
  const { taken, port } = await mailServer({
    disabledCommands: ["STARTTLS"],
    onAuth({ username, password }, _session, callback) {
      if (username === "acme" && password === "swordfish") callback(null, { user: "acme" });
      else callback(new Error("wrong"));
    },
  });
  await (await transportTo(port, { user: "acme", password: "swordfish" })).send(mail, job);
  expect(taken).toHaveLength(1);
  const refused = await transportTo(port, { user: "acme", password: "swordfisj" });
  expect(await failing(refused.send(mail, job))).toEqual({ fault: "eauth", isFinal: false });
});

test("a recipient who is refused for good is final, one who is not taken now is not", async () => {
  for (const [responseCode, isFinal] of [
    [550, true],
    [451, false],
  ] as const) {
    const { port } = await mailServer({
      onRcptTo: (_address, _session, callback) => callback(Object.assign(new Error("not for us"), { responseCode })),
    });
    expect(await failing((await transportTo(port)).send(mail, job))).toMatchObject({ isFinal });
  }
});

test("a server that does not send from our address is asked again: every mail would be lost until somebody mends it", async () => {
  for (const responseCode of [530, 550]) {
    const { port } = await mailServer({
      onMailFrom: (_address, _session, callback) => callback(Object.assign(new Error("not for you"), { responseCode })),
    });
    expect(await failing((await transportTo(port)).send(mail, job))).toEqual({ fault: "sender", isFinal: false });
  }
});

test("nothing is sent without TLS where it is needed", async () => {
  const { taken, port } = await mailServer();
  const { isFinal } = await failing((await transportTo(port, { needsTls: true })).send(mail, job));
  expect([isFinal, taken.length]).toEqual([false, 0]);
});

test("a server that says nothing is not waited for", async () => {
  const silent = createServer((socket) => void socket.on("error", () => undefined));
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  closing.push(async () => silent.close());
  const began = performance.now();
  const { isFinal } = await failing((await transportTo((silent.address() as AddressInfo).port)).send(mail, job));
  expect(isFinal).toBe(false);
  expect(performance.now() - began).toBeLessThan(5_000);
});

test("however slowly a server answers, and however many wait for it, each mail is over before another process takes it up", async () => {
  expect(smtpPatience.whole).toBeLessThan(takenFor);
  const later = (_given: unknown, _session: unknown, callback: () => void) => void setTimeout(callback, 300);
  const { port } = await mailServer({ onMailFrom: later, onRcptTo: later });
  const transport = await transportTo(port);
  const began = performance.now();
  // Four go at once, in 0.6 s.
  const sent = await Promise.allSettled(Array.from({ length: 20 }, () => transport.send(mail, job)));
  expect(performance.now() - began).toBeLessThan(short.whole + 500);
  const late = sent.filter((one) => one.status === "rejected");
  expect(late.length).toBeGreaterThan(8);
  for (const { reason } of late) expect(reason).toMatchObject({ fault: "etimedout", isFinal: false });
});

test("a server is given a minute to look at a mail before it takes it", async () => {
  expect(smtpPatience.silence).toBeGreaterThanOrEqual(60_000);
  expect(smtpPatience.silence).toBeLessThan(smtpPatience.whole);
});

test("a server that is not there is tried again", async () => {
  const gone = createServer();
  gone.listen(0, "127.0.0.1");
  await once(gone, "listening");
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  expect(await failing((await transportTo(port)).send(mail, job))).toMatchObject({ isFinal: false });
});
