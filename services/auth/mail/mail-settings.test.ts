import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { beforeEach, expect, test } from "vitest";
import { MailSettingsSchema } from "#gen/koder/auth/v1/mail_settings_pb.ts";
import {
  GetMailSettingsRequestSchema,
  UpdateMailSettingsRequestSchema,
} from "#gen/koder/auth/v1/mail_settings_service_pb.ts";
import { reasonOf } from "../../host/testing/refusal.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { authFixture } from "../auth-fixture.ts";
import { getMailSettings } from "./get-mail-settings.ts";
import { senderOf } from "./mail-settings.ts";
import { updateMailSettings } from "./update-mail-settings.ts";

let f: Awaited<ReturnType<typeof authFixture>>;
beforeEach(async () => {
  f = await authFixture();
});
const get = async (tenantId = "t1") =>
  (await getMailSettings(f.dependencies)(create(GetMailSettingsRequestSchema), handlerContext({ tenantId })))
    .mailSettings;
const update = async (settings: MessageInitShape<typeof MailSettingsSchema>, ...paths: string[]) => {
  const updateMask = create(FieldMaskSchema, { paths });
  const request = create(UpdateMailSettingsRequestSchema, { mailSettings: settings, updateMask });
  return (await updateMailSettings(f.dependencies)(request, handlerContext())).mailSettings;
};

test("are the operator's until the tenant says otherwise, field by field, and no other tenant's", async () => {
  expect(await get()).toMatchObject({ etag: "v0", senderName: "", replyTo: "" });
  const first = await update({ senderName: " Shop ", replyTo: "ignored@shop.test" }, "sender_name");
  expect(first).toMatchObject({ etag: "v1", senderName: "Shop", replyTo: "" });
  expect(await update({ replyTo: "help@shop.test", etag: "v1" }, "reply_to")).toMatchObject({ etag: "v2" });
  expect(await get()).toMatchObject({ senderName: "Shop", replyTo: "help@shop.test" });
  expect(await senderOf(f.dependencies.store.tenant("t1"))).toEqual({ senderName: "Shop", replyTo: "help@shop.test" });
  expect(await get("t2")).toMatchObject({ etag: "v0", senderName: "" });
  expect((await f.events()).map(({ payload }) => payload)).toMatchObject([
    { case: "mailSettingsUpdated", value: { paths: ["sender_name"] } },
    { case: "mailSettingsUpdated", value: { paths: ["reply_to"] } },
  ]);
});

test("what is no line of text, no field of theirs, or was read before another change is refused", async () => {
  await update({ senderName: "Shop" }, "sender_name");
  for (const senderName of ["Shop\r\nBcc: x@y.test", "Shop\u2028", "Shop\u202e"]) {
    expect(await reasonOf(update({ senderName }, "sender_name"))).toBe("MAIL_SETTINGS_INVALID");
  }
  expect(await reasonOf(update({}, "update_time"))).toBe("MAIL_SETTINGS_INVALID");
  expect(await reasonOf(update({ senderName: "Late", etag: "v0" }, "sender_name"))).toBe("ETAG_MISMATCH");
  expect(await get()).toMatchObject({ etag: "v1", senderName: "Shop" });
});
