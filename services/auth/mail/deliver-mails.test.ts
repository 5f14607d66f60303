import { create, toBinary } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { MailKind } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { UpdateMailSettingsRequestSchema } from "#gen/koder/auth/v1/mail_settings_service_pb.ts";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "../../host/failure.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { authFixture } from "../auth-fixture.ts";
import { dueMails, mailJobs } from "../collections.ts";
import { createMailDeliveries, type MailDeliveryNeeds } from "./deliver-mails.ts";
import { MailNotSent } from "./mail-transport.ts";
import { updateMailSettings } from "./update-mail-settings.ts";

const noSms = { send: () => Promise.reject(new Error("no telephone")), close: () => Promise.resolve() };

const minutes = 60_000;

async function queued(to = "ana@example.com", lifetime = 30 * minutes) {
  const f = await authFixture();
  const { mailer, vault, clock, store } = f.dependencies;
  const link = "https://id.acme.test/reset?token=kmp_secret-of-the-link";
  const tenant = { tenantId: "t1", vault: await vault.tenant("t1") };
  const mail = mailer.prepare(tenant, MailKind.PASSWORD_RESET, { to, locale: "pt-BR", link }, clock() + lifetime);
  await f.data.commit([mail.write], []);
  await mail.queue();
  const left = async () => [
    (await f.data.page(mailJobs, { index: "id", limit: 10 })).items.length,
    (await store.system().page(dueMails, { index: "id", limit: 10 })).items.length,
  ];
  return { f, link, left };
}

/** What another process is to the same store, which sends in its own way. */
function processSending(f: Awaited<ReturnType<typeof authFixture>>, send: MailDeliveryNeeds["transport"]["send"]) {
  const { store, vault, tenants, peers, clock } = f.dependencies;
  return createMailDeliveries({
    store,
    system: store.system(),
    vault,
    tenants,
    peers,
    clock,
    transport: { send, close: () => Promise.resolve() },
    sms: noSms,
    onAttempt: () => undefined,
    onFault: (error) => {
      throw error;
    },
  });
}

describe("a mail that waits", () => {
  test("is sent once, in its language, and forgotten", async () => {
    const { f, link, left } = await queued();
    await f.sendMails();
    await f.sendMails();
    expect(f.mails).toHaveLength(1);
    expect(f.mails[0]).toMatchObject({ to: "ana@example.com", subject: "Escolha uma nova senha" });
    expect(f.mails[0]?.text).toContain(link);
    expect(await left()).toEqual([0, 0]);
    expect(f.mailAttempts.map(({ outcome }) => outcome)).toEqual(["sent"]);
  });

  test("is from whom the tenant says when it is sent", async () => {
    const { f } = await queued();
    const mailSettings = { senderName: "Acme's shop", replyTo: "help@acme.test" };
    const updateMask = create(FieldMaskSchema, { paths: ["sender_name", "reply_to"] });
    const request = create(UpdateMailSettingsRequestSchema, { mailSettings, updateMask });
    await updateMailSettings(f.dependencies)(request, handlerContext());
    await f.sendMails();
    expect(f.mails).toMatchObject([{ to: "ana@example.com", ...mailSettings }]);
  });

  test("A29: is sealed where it waits", async () => {
    const { f } = await queued();
    const [job] = (await f.data.page(mailJobs, { index: "id", limit: 1 })).items;
    const bytes = Buffer.from(job?.record.sealedMail ?? []);
    expect(bytes.length).toBeGreaterThan(50);
    for (const secret of ["kmp_", "ana@example.com", "reset"]) expect(bytes.includes(secret)).toBe(false);
  });

  test("to nobody is sent to nobody, and forgotten alike", async () => {
    const { f, left } = await queued("");
    await f.sendMails();
    expect(f.mails).toHaveLength(0);
    expect(f.mailAttempts).toEqual([]);
    expect(await left()).toEqual([0, 0]);
  });

  test("is tried again after pauses, until a server takes it", async () => {
    const { f, left } = await queued();
    let tries = 0;
    f.mailServer.send = async () => {
      tries += 1;
      if (tries <= 3) throw new MailNotSent("econnection", false);
    };
    for (const [pause, expected] of [
      [0, 1],
      [1_999, 1],
      [1, 2],
      [9_999, 2],
      [1, 3],
      [30_000, 4],
    ] as const) {
      f.advance(pause);
      await f.sendMails();
      expect(tries).toBe(expected);
    }
    expect(f.mails).toHaveLength(1);
    expect(f.mailAttempts.map(({ outcome }) => outcome)).toEqual(["tried again", "tried again", "tried again", "sent"]);
    expect(await left()).toEqual([0, 0]);
  });

  test("A29: is given up before what it carries expires, with an event that tells nothing of it", async () => {
    const { f, left } = await queued();
    f.mailServer.send = () => Promise.reject(new MailNotSent("econnection", false));
    for (let passed = 0; passed < 30 * minutes; passed += 30_000) {
      await f.sendMails();
      f.advance(30_000);
    }
    expect(await left()).toEqual([0, 0]);
    const [event] = await f.events();
    expect(event?.payload).toMatchObject({
      case: "mailGivenUp",
      value: { kind: "PASSWORD_RESET", fault: "econnection" },
    });
    expect(f.mailAttempts.at(-1)?.outcome).toBe("given up");
    const told = `${Buffer.from(event === undefined ? [] : toBinary(EventSchema, event)).toString("latin1")}${JSON.stringify(f.mailAttempts)}`;
    for (const secret of ["kmp_", "ana@example.com"]) expect(told).not.toContain(secret);
  });

  test("is given up at once where it is refused for good", async () => {
    const { f, left } = await queued();
    f.mailServer.send = () => Promise.reject(new MailNotSent("refused", true));
    await f.sendMails();
    expect(f.mailAttempts.map(({ outcome, fault }) => [outcome, fault])).toEqual([["given up", "refused"]]);
    expect(await left()).toEqual([0, 0]);
    expect((await f.events()).map(({ payload }) => payload.case)).toEqual(["mailGivenUp"]);
  });

  test("waits while its tenant is suspended, which is no fault, and is sent after that", async () => {
    const { f } = await queued();
    const { tenants } = f.dependencies;
    const before = { ...tenants };
    Object.assign(tenants, { get: () => Promise.reject(failure(ErrorReason.TENANT_NOT_FOUND, "it does not serve")) });
    await f.sendMails();
    Object.assign(tenants, before);
    expect([f.mails, f.mailAttempts]).toEqual([[], []]);
    f.advance(60_000);
    await f.sendMails();
    expect(f.mails).toHaveLength(1);
  });

  test("is sent by one of two processes that look at once", async () => {
    const { f } = await queued();
    const sent: string[] = [];
    const process = () => processSending(f, async ({ to }) => void sent.push(to));
    const both = [process(), process()];
    await Promise.all(both.map((one) => one.step()));
    await Promise.all(both.map((one) => one.stop()));
    expect(sent).toEqual(["ana@example.com"]);
  });

  test("A27: goes out beside those of another tenant, however many these are and whoever is slow to take them", async () => {
    const { f } = await queued();
    const { mailer, store, vault, clock } = f.dependencies;
    const waiting = async (tenantId: string, to: string) => {
      const tenant = { tenantId, vault: await vault.tenant(tenantId) };
      const mail = mailer.prepare(
        tenant,
        MailKind.PASSWORD_RESET,
        { to, locale: "", link: "https://a.test" },
        clock() + 30 * minutes,
      );
      await store.tenant(tenantId).commit([mail.write], []);
      await mail.queue();
    };
    for (let at = 0; at < 1_500; at += 1) await waiting("flood", `p${at}@example.com`);
    f.advance(1);
    await waiting("other", "bea@example.com");
    const [sent, taken] = [new Array<string>(), Promise.withResolvers<void>()];
    const deliveries = processSending(f, ({ to }, { tenantId }) =>
      tenantId === "flood" ? taken.promise : Promise.resolve(void sent.push(to)),
    );
    for (let look = 0; look < 2; look += 1) await deliveries.step();
    await expect.poll(() => sent.toSorted()).toEqual(["ana@example.com", "bea@example.com"]);
    taken.resolve();
    await deliveries.stop();
  });

  test("whose process died in the middle is sent by another after a while", async () => {
    const { f } = await queued();
    const died = Promise.withResolvers<void>();
    f.mailServer.send = () => died.promise;
    await f.dependencies.mailDeliveries.step();
    const sent: string[] = [];
    const other = processSending(f, async ({ to }) => void sent.push(to));
    await other.step();
    await other.stop();
    expect(sent).toEqual([]);
    f.advance(90_000);
    await other.step();
    await other.stop();
    expect(sent).toEqual(["ana@example.com"]);
    died.resolve();
  });
});
