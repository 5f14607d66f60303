import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  PreviewMailTemplateResponseSchema,
  type PreviewMailTemplateRequest,
  type PreviewMailTemplateResponse,
} from "#gen/koder/auth/v1/mail_template_service_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { lookOfTenant } from "./look-of-tenant.ts";
import { mailLink } from "./mail-link.ts";
import { senderOf } from "./mail-settings.ts";
import { checkWords, templateOf } from "./mail-templates.ts";
import type { MailWords } from "./mail-words.ts";
import { renderMail } from "./render-mail.ts";
import { renderSms } from "./render-sms.ts";

/** What a made-up mail has in it: nobody gets it, and its link and code open nothing. */
const madeUp = { to: "", code: "123456", otherAddress: "new.address@example.com" } as const;
const [lifetime, messageLifetime] = [30 * 60_000, 5 * 60_000];

/** A mail as somebody would get it, by what is stored or by what was sent to be looked at. */
export function previewMailTemplate({ store, tenants, peers }: Pick<AuthDependencies, "store" | "tenants" | "peers">) {
  return async (
    { kind: name, language, mailTemplate }: PreviewMailTemplateRequest,
    context: HandlerContext,
  ): Promise<PreviewMailTemplateResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const { kind, words: kept } = await templateOf(data, name, language);
    const words: MailWords = {
      subject: mailTemplate?.subject || kept.subject,
      body: mailTemplate?.body || kept.body,
      button: mailTemplate?.button || kept.button,
    };
    checkWords(kind, words);
    const tenant = await tenants.get(call);
    const link = mailLink(tenant, "reset", "this-is-a-preview");
    const look = await lookOfTenant(peers, call, tenant);
    if (kind.isMessage) {
      const host = new URL(tenant.canonicalOrigin).host;
      const { text } = renderSms(madeUp, { words, tenant: look.name, host, lifetime: messageLifetime });
      return create(PreviewMailTemplateResponseSchema, { text });
    }
    const sender = await senderOf(data);
    const { subject, text, html } = await renderMail({ ...madeUp, link }, { language, words, look, sender, lifetime });
    return create(PreviewMailTemplateResponseSchema, { subject, text, html });
  };
}
