import { create } from "@bufbuild/protobuf";
import type { Liquid } from "liquidjs";
import {
  MailKindSchema,
  RenderedMailSchema,
  type Mail,
  type MailKind,
  type RenderedMail,
} from "#gen/koder/auth/store/v1/mail_pb.ts";
import type { MailSettings } from "#gen/koder/auth/v1/mail_settings_pb.ts";
import { openTemplates } from "../../host/templates.ts";
import { ownFile } from "../../host/own-files.ts";
import { mailCatalogues } from "./mail-texts.ts";
import type { MailLook } from "./mail-look.ts";
import { paragraphsOf, wordsWith, type MailWords } from "./mail-words.ts";

/** What a kind is called in texts and events: `password_reset`. */
export const kindName = (kind: MailKind): string => (MailKindSchema.value[kind]?.localName ?? "").toLowerCase();

/** What a mail needs besides what is in it. */
export interface MailFrame {
  /** Its language, one of those that mails speak. */
  readonly language: string;
  readonly words: MailWords;
  readonly look: MailLook;
  /** From whom it is, and where answers go: nowhere, if that is empty. */
  readonly sender: Pick<MailSettings, "senderName" | "replyTo">;
  /** How long what it carries is good from when it was asked for, in milliseconds. */
  readonly lifetime: number;
}

/** A part of a mail: lines of text, or what the mail is sent for. */
type Part = { readonly lines: readonly string[] } | { readonly link: string } | { readonly code: string };

let engine: Promise<Liquid> | undefined;

/** A mail as its reader sees it, as text and as HTML. */
export async function renderMail(
  mail: Pick<Mail, "to" | "link" | "code" | "otherAddress">,
  { language, words, look, sender, lifetime }: MailFrame,
): Promise<RenderedMail> {
  const { link, code } = mail;
  const values = {
    tenant: look.name,
    minutes: String(Math.round(lifetime / 60_000)),
    address: mail.otherAddress,
  };
  const parts = paragraphsOf(words.body).map((paragraph): Part => {
    if (paragraph === "{link}") return { link };
    if (paragraph === "{code}") return { code };
    return { lines: wordsWith(paragraph, values).split("\n") };
  });
  const texts = mailCatalogues.get(language) ?? {};
  const [footer, linkHint] = [sender.replyTo === "" ? "footer" : "footer_answered", "link_hint"].map((key) =>
    wordsWith(texts[key] ?? "", values),
  );
  const subject = wordsWith(words.subject, values);
  engine ??= openTemplates(ownFile("auth/mail/templates"));
  const html = (await (
    await engine
  ).renderFile("mail", {
    language,
    subject,
    parts,
    link: words.button === "" ? "" : link,
    button: wordsWith(words.button, values),
    footer,
    linkHint,
    look,
  })) as string;
  const said = parts.map((part) => ("lines" in part ? part.lines.join("\n") : "link" in part ? part.link : part.code));
  return create(RenderedMailSchema, {
    to: mail.to,
    subject,
    text: `${[...said, `-- \n${footer ?? ""}`].join("\n\n")}\n`,
    html,
    ...sender,
  });
}
