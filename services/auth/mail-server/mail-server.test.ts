import { create, toBinary, toJsonString, type MessageInitShape } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { MailKind } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { MailServerSchema as StoredServerSchema } from "#gen/koder/auth/store/v1/mail_server_pb.ts";
import { MailServerSchema, MailServerTls } from "#gen/koder/auth/v1/mail_server_pb.ts";
import {
  GetMailServerRequestSchema,
  SendTestMailRequestSchema,
  UpdateMailServerRequestSchema,
} from "#gen/koder/auth/v1/mail_server_service_pb.ts";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { errorInfoOf } from "../../host/interceptors/error-mapping.ts";
import { OutboundFailed } from "../../host/outbound/outbound-failed.ts";
import type { Place } from "../../host/outbound/guarded-connect.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { SealBroken } from "../../vault/sealed-box.ts";
import { authFixture } from "../auth-fixture.ts";
import { mailJobs, mailServerId, mailServers } from "../collections.ts";
import { administrator } from "../factors/factor-fixture.ts";
import { getMailServer } from "./get-mail-server.ts";
import { openMailServer } from "./mail-server.ts";
import { sendTestMail } from "./send-test-mail.ts";
import { updateMailServer } from "./update-mail-server.ts";

const password = "swordfish of the mail server";
const acme = {
  host: "SMTP.acme.test",
  userName: "acme",
  password,
  senderAddress: "no-reply@acme.test",
} satisfies MessageInitShape<typeof MailServerSchema>;
const all = ["host", "user_name", "password", "sender_address"];

async function fixture(fault: OutboundFailed["fault"] = "connection") {
  const asked: Place[] = [];
  const f = await authFixture(
    {},
    {
      mayReach: ({ host, port }) => port !== 8025 || host === "exempt.test",
      open(place) {
        asked.push(place);
        return Promise.reject(new OutboundFailed(fault));
      },
    },
  );
  const context = (instance = true) => handlerContext(administrator(instance));
  return {
    f,
    asked,
    get: async () => (await getMailServer(f.dependencies)(create(GetMailServerRequestSchema), context())).mailServer,
    update: async (server: MessageInitShape<typeof MailServerSchema>, paths: string[], instance?: boolean) => {
      const updateMask = create(FieldMaskSchema, { paths });
      const request = create(UpdateMailServerRequestSchema, { mailServer: server, updateMask });
      return (await updateMailServer(f.dependencies)(request, context(instance))).mailServer;
    },
    stored: async () => (await f.data.get(mailServers, mailServerId))?.record ?? create(StoredServerSchema),
    opened: () => openMailServer(f.data, f.dependencies.vault),
    test: () => sendTestMail(f.dependencies)(create(SendTestMailRequestSchema, { to: "ana@acme.test" }), context()),
  };
}
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => ({ reason: "none", said: "" }),
    (error: unknown) => {
      const { reason, metadata } = errorInfoOf(ConnectError.from(error)) ?? {};
      return { reason, said: `${ConnectError.from(error).message} ${JSON.stringify(metadata)}` };
    },
  );

test("A21: its password is sealed where it lies, opened for its use alone, and in no answer and no event", async () => {
  const { f, get, update, stored, opened } = await fixture();
  const answered = await update(acme, all);
  expect(answered).toMatchObject({
    etag: "v1",
    host: "smtp.acme.test",
    port: 587,
    tls: MailServerTls.STARTTLS,
    userName: "acme",
    password: "",
    passwordSet: true,
  });
  expect(await get()).toEqual(answered);
  const server = { host: "smtp.acme.test", port: 587, isTls: false, senderAddress: "no-reply@acme.test" };
  expect(await opened()).toEqual({ ...server, credentials: { user: "acme", password } });
  const events = await f.events();
  expect(events).toMatchObject([{ payload: { case: "mailServerUpdated", value: { paths: all } } }]);
  const written = [
    toBinary(StoredServerSchema, await stored()),
    ...events.map((event) => toBinary(EventSchema, event)),
  ];
  for (const bytes of written) expect(Buffer.from(bytes).includes("swordfish")).toBe(false);
  expect(toJsonString(MailServerSchema, answered ?? create(MailServerSchema))).not.toContain("swordfish");
});

test("A31: a password is none in another tenant, nor under another name", async () => {
  const { f, update, stored } = await fixture();
  await update(acme, all);
  const { sealedPassword } = await stored();
  const [own, other] = await Promise.all(["t1", "t2"].map((id) => f.dependencies.vault.tenant(id)));
  const place = { collection: mailServers.name, id: mailServerId, field: "sealed_password" };
  expect(Buffer.from(own?.open(place, sealedPassword) ?? []).toString()).toBe(password);
  expect(() => other?.open(place, sealedPassword)).toThrow(SealBroken);
  expect(() => own?.open({ ...place, field: "host" }, sealedPassword)).toThrow(SealBroken);
});

test("A21: a password that is stored is never shown to another server, nor for another name", async () => {
  const { update, opened } = await fixture();
  await update(acme, all);
  for (const [change, path] of [
    [{ host: "smtp.mallory.test" }, "host"],
    [{ port: 2525 }, "port"],
    [{ userName: "root" }, "user_name"],
  ] as const) {
    expect(await refusal(update(change, [path]))).toMatchObject({ reason: "MAIL_SERVER_INVALID" });
  }
  await update({ senderAddress: "shop@acme.test", tls: MailServerTls.IMPLICIT }, ["sender_address", "tls"]);
  expect(await opened()).toMatchObject({ host: "smtp.acme.test", port: 465, credentials: { password } });
  await update({ host: "smtp2.acme.test", password: "another one" }, ["host", "password"]);
  expect(await opened()).toMatchObject({ host: "smtp2.acme.test", credentials: { password: "another one" } });
});

test("A32: where the instance's owner is, only authority over the instance says where mails go", async () => {
  const { f, update, get } = await fixture();
  expect(await update(acme, all, false)).toMatchObject({ etag: "v1" });
  f.dependencies.tenants.lookup = (call) => f.dependencies.tenants.get(call); // this tenant is the default one
  expect(await refusal(update({ senderAddress: "x@y.test" }, ["sender_address"], false))).toMatchObject({
    reason: "PERMISSION_DENIED",
  });
  expect(await get()).toMatchObject({ etag: "v1", senderAddress: "no-reply@acme.test" });
  expect(await update({ senderAddress: "x@y.test" }, ["sender_address"], true)).toMatchObject({ etag: "v2" });
});

test("what can be no mail server is refused, and without a host nothing of one is kept", async () => {
  const { update, get, stored, opened } = await fixture();
  for (const [change, paths] of [
    [{ ...acme, port: 8025 }, [...all, "port"]],
    [{ ...acme, senderAddress: "" }, all],
    [{ ...acme, password: "" }, all],
    [{ ...acme, userName: "" }, all],
    [{ ...acme, userName: "acme\r\nRSET" }, all],
    [{ ...acme, updateTime: undefined }, [...all, "update_time"]],
  ] as const) {
    expect(await refusal(update(change, [...paths]))).toMatchObject({ reason: "MAIL_SERVER_INVALID" });
  }
  expect(await get()).toMatchObject({ etag: "v0", host: "" });
  await update({ ...acme, host: "exempt.test", port: 8025 }, [...all, "port"]);
  expect(await opened()).toMatchObject({ host: "exempt.test", port: 8025 });
  await update({ host: "" }, ["host"]);
  expect(await stored()).toMatchObject({ host: "", port: 0, userName: "", senderAddress: "" });
  expect((await stored()).sealedPassword).toHaveLength(0);
  expect(await opened()).toBeUndefined();
});

test("mails go to the tenant's own server, are tried again while it is away, and to the operator's without one", async () => {
  const { f, update, asked } = await fixture();
  await update(acme, all);
  const { mailer, vault, clock } = f.dependencies;
  const tenant = { tenantId: "t1", vault: await vault.tenant("t1") };
  const link = "https://id.acme.test/reset?token=kmp_x";
  const mail = mailer.prepare(tenant, MailKind.PASSWORD_RESET, { to: "a@b.test", link }, clock() + 60_000);
  await f.data.commit([mail.write], []);
  await mail.queue();
  await f.sendMails();
  f.advance(2_000);
  await f.sendMails();
  expect(asked).toEqual(Array.from({ length: 2 }, () => ({ host: "smtp.acme.test", port: 587 })));
  expect([f.mails.length, f.mailAttempts.map(({ fault }) => fault)]).toEqual([0, ["connection", "connection"]]);
  await update({ host: "" }, ["host"]);
  f.advance(10_000);
  await f.sendMails();
  expect(f.mails).toHaveLength(1);
});

test("a mail that no server was asked about is tried again soon, and that was no attempt", async () => {
  const { f, asked, update } = await fixture("busy");
  await update(acme, all);
  const { mailer, vault, clock } = f.dependencies;
  const tenant = { tenantId: "t1", vault: await vault.tenant("t1") };
  const mail = mailer.prepare(tenant, MailKind.PASSWORD_CHANGED, { to: "a@b.test" }, clock() + 3_600_000);
  await f.data.commit([mail.write], []);
  await mail.queue();
  for (let round = 0; round < 4; round += 1) {
    await f.sendMails();
    f.advance(2_000);
  }
  expect([asked.length, f.mailAttempts]).toEqual([4, []]);
  const [job] = (await f.data.page(mailJobs, { index: "id", limit: 1 })).items;
  expect(job?.record.attempts).toBe(0);
});

test("A17: a test mail says which step failed, the same for whatever is at the other end, and only so often", async () => {
  const { update, test: sendTest } = await fixture();
  expect(await refusal(sendTest())).toMatchObject({ reason: "MAIL_SERVER_NOT_SET" });
  await update(acme, all);
  const told = await refusal(sendTest());
  expect(told).toMatchObject({ reason: "TEST_MAIL_NOT_SENT", said: expect.stringContaining('"fault":"connection"') });
  expect(told.said).not.toMatch(/acme|swordfish|refused|timeout/i);
  for (let more = 0; more < 18; more += 1) await refusal(sendTest());
  expect(await refusal(sendTest())).toMatchObject({ reason: "TOO_MANY_ATTEMPTS" });
});
