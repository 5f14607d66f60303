import { create } from "@bufbuild/protobuf";
import { FieldMaskSchema, timestampMs } from "@bufbuild/protobuf/wkt";
import { expect, onTestFinished, test } from "vitest";
import { MailSettingsSchema } from "#gen/koder/auth/store/v1/mail_settings_pb.ts";
import type { Collection } from "../store/store.ts";
import { openStore } from "../store/open-store.ts";
import { reasonOf } from "./testing/refusal.ts";
import { changeTenantRecord, tenantRecordEtag } from "./tenant-record.ts";
import { testCall } from "./testing/handler-context.ts";

const collection: Collection<typeof MailSettingsSchema> = {
  name: "test_settings",
  schema: MailSettingsSchema,
  id: ({ id }) => id,
  events: "required",
};
const place = { collection, id: "mail", resourceType: "mail_settings", name: "settings" };
const asked = (senderName: string, etag = "") => ({ senderName, etag });

async function fixture(now = Date.UTC(2026, 0, 1)) {
  const store = await openStore({ url: "memory:", collections: [collection], clock: () => now });
  onTestFinished(() => store.close());
  type Values = ReturnType<typeof asked>;
  return {
    store,
    get: () => store.tenant("t1").get(collection, "mail"),
    update: (values: Values | undefined, { paths = ["sender_name"], check = () => {} }: UpdateOptions = {}) =>
      changeTenantRecord({ store, clock: () => now }, testCall(), place, {
        asked: values,
        mask: create(FieldMaskSchema, { paths }),
        change: (_path, { senderName }: Values) => ({ senderName }),
        check,
        event: (told) => ({
          case: "mailSettingsUpdated",
          value: { $typeName: "koder.events.v1.MailSettingsUpdated", paths: told },
        }),
      }),
  };
}
interface UpdateOptions {
  readonly paths?: string[];
  readonly check?: () => void | Promise<void>;
}

test("the first change makes the record, the next ones replace it, each with its event", async () => {
  const { store, update, get } = await fixture();
  expect(tenantRecordEtag(await get())).toBe("v0");
  expect(tenantRecordEtag(await update(asked("Acme", "v0")))).toBe("v1");
  const { record, version } = await update(asked("Acme Inc", "v1"), { paths: ["sender_name", "etag", "sender_name"] });
  expect({ ...record, version }).toMatchObject({ id: "mail", senderName: "Acme Inc", version: 2 });
  expect(record.updateTime && timestampMs(record.updateTime)).toBe(Date.UTC(2026, 0, 1));
  const told = (await store.system().outbox(0, 10)).map(({ event }) => event);
  expect(told).toMatchObject(
    [1n, 2n].map((resourceVersion) => ({
      resourceType: "mail_settings",
      resourceId: "mail",
      resourceVersion,
      payload: { case: "mailSettingsUpdated", value: { paths: ["sender_name"] } },
    })),
  );
});

test("an etag of before, a mask of nothing and a broken rule change nothing", async () => {
  const { update, get } = await fixture();
  await update(asked("Acme"));
  expect(await reasonOf(update(asked("x", "v0")))).toBe("ETAG_MISMATCH");
  expect(await reasonOf(update(asked("x"), { paths: [] }))).toBe("INVALID_REQUEST");
  expect(await reasonOf(update(undefined))).toBe("INVALID_REQUEST");
  const check = () => Promise.reject(new Error("broken"));
  await expect(update(asked("x"), { check })).rejects.toThrow("broken");
  expect(await get()).toMatchObject({ version: 1, record: { senderName: "Acme" } });
});

test("of two at once one is refused where both sent an etag, and both are made where neither did", async () => {
  const { update, get } = await fixture();
  for (const version of [1, 2]) {
    const etag = tenantRecordEtag(await get());
    const both = await Promise.all(["a", "b"].map((name) => reasonOf(update(asked(name, etag)))));
    expect(both.filter((reason) => reason === "ETAG_MISMATCH")).toHaveLength(1);
    expect(both).toContain("ok");
    expect((await get())?.version).toBe(version);
  }
  await Promise.all(["a", "b"].map((name) => update(asked(name))));
  expect((await get())?.version).toBe(4);
});
