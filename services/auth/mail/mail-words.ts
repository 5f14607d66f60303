import { kindsOfMail } from "./mail-kinds.ts";
import { mailCatalogues } from "./mail-texts.ts";

/** What a mail says, with its placeholders: plain text. */
export interface MailWords {
  /** Empty for a message to a telephone. */
  readonly subject: string;
  /** Paragraphs, with an empty line between them; in a mail `{link}` or `{code}` is one of its own. */
  readonly body: string;
  /** What stands on the button; empty for a mail without a link. */
  readonly button: string;
}

/** `{name}`: what a placeholder is, and nothing else. */
const placeholder = /\{(\w+)\}/g;

/** The names of the placeholders of a text, in their order. */
export const placeholdersOf = (text: string): readonly string[] =>
  Array.from(text.matchAll(placeholder), ([, name = ""]) => name);

/** A text with its placeholders replaced, once: what is put in is not looked at again. */
export const wordsWith = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replaceAll(placeholder, (_whole, name: string) => values[name] ?? "");

/** The paragraphs of a body. */
export const paragraphsOf = (body: string): readonly string[] =>
  body
    .replaceAll("\r\n", "\n")
    .split(/\n[ \t]*\n/)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== "");

/** What every tenant's mails of a kind say in a language; empty for what is no kind, or no language of mails. */
export function usualWords(name: string, language: string): MailWords {
  const texts = mailCatalogues.get(language) ?? {};
  if (kindsOfMail.get(name)?.isMessage) return { subject: "", body: texts[`${name}_text`] ?? "", button: "" };
  const [subject, lead, button, after] = ["subject", "lead", "button", "after"].map(
    (part) => texts[`${name}_${part}`] ?? "",
  ) as [string, string, string, string];
  const carried = kindsOfMail.get(name)?.carries;
  const parts = [lead, carried === undefined ? "" : `{${carried}}`, after];
  return { subject, body: parts.filter((part) => part !== "").join("\n\n"), button };
}
