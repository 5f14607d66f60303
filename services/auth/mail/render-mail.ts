import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import type { Liquid } from "liquidjs";
import {
  MailKind,
  MailKindSchema,
  RenderedMailSchema,
  type Mail,
  type RenderedMail,
} from "#gen/koder/auth/store/v1/mail_pb.ts";
import { openTemplates } from "../../host/templates.ts";
import { mailCatalogues, mailLocale } from "./mail-texts.ts";

/** What a kind is called in texts and events: `password_reset`. */
export const kindName = (kind: MailKind): string => (MailKindSchema.value[kind]?.localName ?? "").toLowerCase();

/** What a mail needs besides what is in it. */
export interface MailFrame {
  /** Name of the tenant, for people. */
  readonly tenant: string;
  /** How long what it carries is good from when it was asked for, in milliseconds. */
  readonly lifetime: number;
}

let engine: Promise<Liquid> | undefined;

/** A mail as its reader sees it, as text and as HTML, in its language. */
export async function renderMail(kind: MailKind, mail: Mail, frame: MailFrame): Promise<RenderedMail> {
  const locale = mailLocale(mail.locale);
  const texts = mailCatalogues.get(locale) ?? {};
  const values: Readonly<Record<string, string>> = {
    tenant: frame.tenant,
    minutes: String(Math.round(frame.lifetime / 60_000)),
    address: mail.otherAddress,
  };
  const text = (key: string): string =>
    (texts[key] ?? "").replaceAll(/\{(\w+)\}/g, (_whole, name: string) => values[name] ?? "");
  const name = kindName(kind);
  const [subject, lead, button, after] = ["subject", "lead", "button", "after"].map((part) =>
    text(`${name}_${part}`),
  ) as [string, string, string, string];
  const [footer, linkHint] = [text("footer"), text("link_hint")];
  engine ??= openTemplates(join(import.meta.dirname, "templates"));
  const { code, link } = mail;
  const shown = { locale, subject, lead, button, after, footer, linkHint, code, link, tenant: frame.tenant };
  const html = (await (await engine).renderFile("mail", shown)) as string;
  const parts = [lead, code, link, after, `-- \n${footer}`].filter((part) => part !== "");
  return create(RenderedMailSchema, { to: mail.to, subject, text: `${parts.join("\n\n")}\n`, html });
}
