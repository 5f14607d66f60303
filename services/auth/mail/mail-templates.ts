import { create } from "@bufbuild/protobuf";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import type { MailTemplateSchema as StoredTemplateSchema } from "#gen/koder/auth/store/v1/mail_template_pb.ts";
import { MailTemplateSchema, type MailTemplate } from "#gen/koder/auth/v1/mail_template_pb.ts";
import { pageLanguages } from "../../host/page-languages.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { authFailure } from "../auth-failure.ts";
import { mailTemplates } from "../collections.ts";
import { kindsOfMail, type KindOfMail } from "./mail-kinds.ts";
import { usualWords, type MailWords } from "./mail-words.ts";
import { wordsFaults } from "./mail-words-faults.ts";

/** One kind of mail in one language, as a tenant has it. */
export interface TemplateOfTenant {
  readonly name: string;
  readonly language: string;
  readonly kind: KindOfMail;
  /** Its own record; undefined while it says what every tenant's mails say. */
  readonly stored: Stored<typeof StoredTemplateSchema> | undefined;
  readonly words: MailWords;
}

export const templateId = (name: string, language: string): string => `${name}/${language}`;

/** Every template that a tenant can have: by kind, and then by language. */
export const everyTemplate: readonly (readonly [name: string, language: string])[] = [...kindsOfMail.keys()].flatMap(
  (name) => pageLanguages.map((language) => [name, language] as const),
);

/** What a kind of mail says in a language. Throws MAIL_TEMPLATE_NOT_FOUND for what is no kind, or no language of mails. */
export async function templateOf(
  data: Pick<TenantStore, "get">,
  name: string,
  language: string,
): Promise<TemplateOfTenant> {
  const kind = kindsOfMail.get(name);
  if (kind === undefined || !pageLanguages.some((one) => one === language)) {
    const [kinds, languages] = [[...kindsOfMail.keys()].join(", "), pageLanguages.join(", ")];
    const message = `no mail of this kind in this language; there are ${kinds}, in ${languages}`;
    throw authFailure(AuthErrorReason.MAIL_TEMPLATE_NOT_FOUND, message);
  }
  const stored = await data.get(mailTemplates, templateId(name, language));
  return { name, language, kind, stored, words: stored?.record ?? usualWords(name, language) };
}

/** Opaque to callers: the version of the record, 0 while there is none. */
export const templateEtag = (stored: { readonly version: number } | undefined): string => `v${stored?.version ?? 0}`;

/** A template as administrators see it. */
export function templateMessage({ name, language, stored, words }: TemplateOfTenant): MailTemplate {
  const { subject, body, button } = words;
  return create(MailTemplateSchema, {
    kind: name,
    language,
    subject,
    body,
    button,
    own: stored !== undefined,
    etag: templateEtag(stored),
    ...(stored?.record.updateTime ? { updateTime: stored.record.updateTime } : {}),
  });
}

/** Throws MAIL_TEMPLATE_INVALID where a mail of the kind cannot say these words. */
export function checkWords(kind: KindOfMail, words: MailWords): void {
  const faults = wordsFaults(kind, words);
  if (faults.length === 0) return;
  const message = faults.map(({ field, description }) => `${field}: ${description}`).join("; ");
  const violations = faults.map(({ field, description }) => ({ field: `mail_template.${field}`, description }));
  throw authFailure(AuthErrorReason.MAIL_TEMPLATE_INVALID, message, { violations });
}
