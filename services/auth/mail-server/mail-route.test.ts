import { create } from "@bufbuild/protobuf";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { RenderedMailSchema } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { MailServerSchema } from "#gen/koder/auth/store/v1/mail_server_pb.ts";
import { openStore } from "../../store/open-store.ts";
import { insert, replace } from "../../store/writes.ts";
import { vaultTenantKeys } from "../../vault/collections.ts";
import { testVault } from "../../vault/testing/test-vault.ts";
import { eventOf } from "../../host/event.ts";
import { testCall } from "../../host/testing/handler-context.ts";
import { authCollections, mailServerId, mailServers } from "../collections.ts";
import { MailNotSent } from "../mail/mail-transport.ts";
import { createMailRoute } from "./mail-route.ts";

const mail = create(RenderedMailSchema, { to: "ana@example.com" });

let now: number;
/** How long each attempt takes, in milliseconds, and how it ends. */
let attempt: { readonly takes: number; readonly fault?: string };
let asked: string[];
beforeEach(() => {
  now = Date.UTC(2026, 0, 1);
  attempt = { takes: 0 };
  asked = [];
});

async function fixture() {
  const clock = () => now;
  const store = await openStore({ url: "memory:", collections: [...authCollections, vaultTenantKeys], clock });
  onTestFinished(() => store.close());
  const route = createMailRoute({
    store,
    vault: testVault(store, clock),
    ownServers: {
      async send({ host }, _mail, { tenantId }) {
        asked.push(`${tenantId} ${host}`);
        now += attempt.takes;
        if (attempt.fault !== undefined) throw new MailNotSent(attempt.fault, false);
      },
    },
    operators: { send: () => Promise.reject(new Error("not to the operator's")), close: () => Promise.resolve() },
    clock,
  });
  return {
    async setServer(tenantId: string, host: string) {
      const data = store.tenant(tenantId);
      const before = await data.get(mailServers, mailServerId);
      const record = create(MailServerSchema, { id: mailServerId, host, senderAddress: "no-reply@acme.test" });
      const write = before === undefined ? insert(mailServers, record) : replace(mailServers, record, before.version);
      const event = eventOf(
        testCall({ tenantId }),
        now,
        { type: "mail_server", id: mailServerId, version: (before?.version ?? 0) + 1 },
        { case: "mailServerUpdated", value: { $typeName: "koder.events.v1.MailServerUpdated", paths: ["host"] } },
      );
      await data.commit([write], [event]);
    },
    send: (tenantId: string) =>
      route.send(mail, { tenantId, id: "01JMAIL" }).then(
        () => "sent",
        (error: unknown) => (error instanceof MailNotSent ? error.fault : String(error)),
      ),
  };
}

test("A27: a server that was tried in vain for long is left alone for half a minute, and no other one is", async () => {
  const f = await fixture();
  await f.setServer("t1", "mail.acme.test");
  await f.setServer("t2", "mail.globex.test");
  attempt = { takes: 5_000, fault: "connection" };
  expect([await f.send("t1"), await f.send("t1"), await f.send("t1")]).toEqual(Array(3).fill("connection"));
  expect(asked).toEqual(["t1 mail.acme.test"]);
  attempt = { takes: 100 };
  expect(await f.send("t2")).toBe("sent");
  await f.setServer("t1", "new.acme.test");
  expect(await f.send("t1")).toBe("sent");
  await f.setServer("t1", "mail.acme.test");
  now += 29_000;
  expect(await f.send("t1")).toBe("connection");
  now += 1_000;
  expect(await f.send("t1")).toBe("sent");
  expect(await f.send("t1")).toBe("sent");
});

test("one that refuses quickly, or says why, is asked again at once", async () => {
  const f = await fixture();
  await f.setServer("t1", "mail.acme.test");
  for (const { takes, fault } of [
    { takes: 10, fault: "connection" },
    { takes: 9_000, fault: "deferred" },
    { takes: 9_000, fault: "busy" },
  ]) {
    attempt = { takes, fault };
    asked = [];
    expect([await f.send("t1"), await f.send("t1")]).toEqual([fault, fault]);
    expect(asked).toHaveLength(2);
  }
});
