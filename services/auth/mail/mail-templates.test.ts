import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { beforeEach, expect, test } from "vitest";
import { BadRequestSchema } from "#gen/google/rpc/error_details_pb.ts";
import { MailTemplateSchema } from "#gen/koder/auth/v1/mail_template_pb.ts";
import {
  DeleteMailTemplateRequestSchema,
  GetMailTemplateRequestSchema,
  ListMailTemplatesRequestSchema,
  PreviewMailTemplateRequestSchema,
  UpdateMailTemplateRequestSchema,
} from "#gen/koder/auth/v1/mail_template_service_pb.ts";
import { errorInfoOf } from "../../host/interceptors/error-mapping.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { authFixture } from "../auth-fixture.ts";
import { deleteMailTemplate } from "./delete-mail-template.ts";
import { getMailTemplate } from "./get-mail-template.ts";
import { listMailTemplates } from "./list-mail-templates.ts";
import { previewMailTemplate } from "./preview-mail-template.ts";
import { updateMailTemplate } from "./update-mail-template.ts";

type Template = MessageInitShape<typeof MailTemplateSchema>;

let f: Awaited<ReturnType<typeof authFixture>>;
beforeEach(async () => {
  f = await authFixture();
});
const context = handlerContext();
const reset = { kind: "password_reset", language: "en-US" } as const;
const get = async (of: { kind: string; language: string } = reset) =>
  (await getMailTemplate(f.dependencies)(create(GetMailTemplateRequestSchema, of), context)).mailTemplate;
const update = async (
  mailTemplate: Template,
  paths: readonly string[],
  of: { kind: string; language: string } = reset,
) =>
  (
    await updateMailTemplate(f.dependencies)(
      create(UpdateMailTemplateRequestSchema, {
        ...of,
        mailTemplate,
        updateMask: create(FieldMaskSchema, { paths: [...paths] }),
      }),
      context,
    )
  ).mailTemplate;
const list = async (ownOnly = false) =>
  (await listMailTemplates(f.dependencies)(create(ListMailTemplatesRequestSchema, { ownOnly }), context)).mailTemplates;
const remove = (etag = "") =>
  deleteMailTemplate(f.dependencies)(create(DeleteMailTemplateRequestSchema, { ...reset, etag }), context);
const preview = (mailTemplate?: Template, of: { kind: string; language: string } = reset) =>
  previewMailTemplate(f.dependencies)(
    create(PreviewMailTemplateRequestSchema, { ...of, ...(mailTemplate === undefined ? {} : { mailTemplate }) }),
    context,
  );
async function refusal(call: Promise<unknown>): Promise<readonly (string | undefined)[]> {
  const error = await call.then(
    () => new Error("the call was not refused"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConnectError)) throw error;
  const [details] = error.findDetails(BadRequestSchema);
  return [errorInfoOf(error)?.reason, ...(details?.fieldViolations.map(({ field }) => field) ?? [])];
}

test("a tenant that said nothing has what every tenant's mails say, in every language", async () => {
  expect(await get()).toMatchObject({ ...reset, subject: "Choose a new password", own: false, etag: "v0" });
  expect(await list()).toHaveLength(42);
  expect(await list(true)).toEqual([]);
});

test("what it says is its own from the first change on, and goes back by deleting it", async () => {
  const changed = await update({ subject: "Your {tenant} password" }, ["subject"]);
  expect(changed).toMatchObject({ subject: "Your {tenant} password", button: "Choose a new password", own: true });
  expect(await get()).toEqual(changed);
  expect(await list(true)).toEqual([changed]);
  expect(await get({ ...reset, language: "es" })).toMatchObject({ own: false });
  await remove(changed?.etag);
  await remove();
  expect(await get()).toMatchObject({ own: false, etag: "v0" });
  const told = (await f.events()).filter(({ resourceType }) => resourceType === "mail_template");
  expect(told.map(({ resourceId, payload }) => [resourceId, payload.value])).toMatchObject([
    ["password_reset/en-US", { state: "updated" }],
    ["password_reset/en-US", { state: "deleted" }],
  ]);
});

test("what is wrong is named, and nothing is changed", async () => {
  for (const [template, path, fields] of [
    [{ body: "no link" }, "body", ["mail_template.body"]],
    [{ subject: "{nobody}" }, "subject", ["mail_template.subject"]],
    [{ button: "" }, "button", ["mail_template.button"]],
    [{}, "kind", ["mail_template.kind"]],
    [{}, "own", ["mail_template.own"]],
  ] satisfies [Template, string, string[]][]) {
    expect(await refusal(update(template, [path]))).toEqual(["MAIL_TEMPLATE_INVALID", ...fields]);
  }
  for (const of of [
    { kind: "sms_nothing", language: "en-US" },
    { kind: "constructor", language: "en-US" },
    { kind: "password_reset", language: "fr" },
    { kind: "password_reset", language: "en" },
  ]) {
    expect(await refusal(get(of))).toEqual(["MAIL_TEMPLATE_NOT_FOUND"]);
    expect(await refusal(update({ subject: "x" }, ["subject"], of))).toEqual(["MAIL_TEMPLATE_NOT_FOUND"]);
    expect(await refusal(preview(undefined, of))).toEqual(["MAIL_TEMPLATE_NOT_FOUND"]);
  }
  expect(await list(true)).toEqual([]);
});

test("two who go back to the usual words at once are both answered", async () => {
  await update({ subject: "Hello" }, ["subject"]);
  await Promise.all([remove(), remove()]);
  expect(await list(true)).toEqual([]);
});

test("an etag that is not the template's is refused", async () => {
  const change = (etag: string) => update({ etag, subject: "Hello" }, ["subject"]);
  expect(await refusal(change("v1"))).toEqual(["ETAG_MISMATCH"]);
  expect((await change("v0"))?.etag).toBe("v1");
  expect(await refusal(change("v0"))).toEqual(["ETAG_MISMATCH"]);
  expect(await refusal(remove("v0"))).toEqual(["ETAG_MISMATCH"]);
});

test("a preview is a mail by what was sent, and keeps nothing", async () => {
  const { subject, text, html } = await preview({ body: "First <b>line</b>\nsecond\n\n{link}\n\n{minutes} minutes." });
  expect(subject).toBe("Choose a new password");
  expect(text).toContain("First <b>line</b>\nsecond\n\nhttps://");
  expect(text).toContain("/reset?token=this-is-a-preview\n\n30 minutes.");
  expect(html).toContain("First &lt;b&gt;line&lt;/b&gt;<br>second");
  expect(await refusal(preview({ body: "no link" }))).toEqual(["MAIL_TEMPLATE_INVALID", "mail_template.body"]);
  expect(await list(true)).toEqual([]);
  expect((await preview(undefined, { kind: "email_otp", language: "pt-BR" })).text).toContain("123456");
});

test("a message to a telephone is a short text of its own, with the line that binds its code below it", async () => {
  const sms = { kind: "sms_otp", language: "en-US" } as const;
  expect(await get(sms)).toMatchObject({ subject: "", button: "", body: expect.stringContaining("{code}") as string });
  const body = "Acme: {code}, good for {minutes} minutes.";
  await update({ body }, ["body"], sms);
  const { subject, text, html } = await preview(undefined, sms);
  expect([subject, text, html]).toEqual(["", "Acme: 123456, good for 5 minutes.\n\n@id.acme.test #123456", ""]);
  for (const [wrong, field] of [
    [{ body: "Your code is on its way." }, "mail_template.body"],
    [{ body: "{code} {code}" }, "mail_template.body"],
    [{ body: "{code} {link}" }, "mail_template.body"],
    [{ body: `{code} ${"x".repeat(200)}` }, "mail_template.body"],
    [{ subject: "Your code" }, "mail_template.subject"],
    [{ button: "Go on" }, "mail_template.button"],
  ] as const) {
    expect(await refusal(update(wrong, Object.keys(wrong), sms))).toEqual(["MAIL_TEMPLATE_INVALID", field]);
  }
  expect(await get(sms)).toMatchObject({ body, own: true });
});
