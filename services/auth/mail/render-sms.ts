import { create } from "@bufbuild/protobuf";
import { RenderedMailSchema, type Mail, type RenderedMail } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { mailCatalogues, mailLocale } from "./mail-texts.ts";

/**
 * A message to a telephone. Its last line binds the code to our host, so that browsers offer it there and nowhere else
 * (https://wicg.github.io/sms-one-time-codes).
 */
export function renderSms(
  { to, locale, code }: Mail,
  { tenant, host }: { readonly tenant: string; readonly host: string },
): RenderedMail {
  const texts = mailCatalogues.get(mailLocale(locale)) ?? {};
  const values: Readonly<Record<string, string>> = { code, tenant };
  const said = (texts["sms_otp_text"] ?? "").replaceAll(/\{(\w+)\}/g, (_whole, name: string) => values[name] ?? "");
  return create(RenderedMailSchema, { to, subject: "SMS", text: `${said}\n\n@${host} #${code}` });
}
