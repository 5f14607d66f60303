import { create } from "@bufbuild/protobuf";
import { RenderedMailSchema, type Mail, type RenderedMail } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { wordsWith, type MailWords } from "./mail-words.ts";

/** What a message to a telephone needs besides what is in it. */
export interface MessageFrame {
  readonly words: Pick<MailWords, "body">;
  /** The name of the tenant that people see, and its host. */
  readonly tenant: string;
  readonly host: string;
  /** How long its code is good from when it was asked for, in milliseconds. */
  readonly lifetime: number;
}

/**
 * A message to a telephone. Its last line binds the code to our host, so that browsers offer it there and nowhere else
 * (https://wicg.github.io/sms-one-time-codes): it stands below whatever a tenant says.
 */
export function renderSms(
  { to, code }: Pick<Mail, "to" | "code">,
  { words, tenant, host, lifetime }: MessageFrame,
): RenderedMail {
  const said = wordsWith(words.body, { code, tenant, minutes: String(Math.round(lifetime / 60_000)) });
  return create(RenderedMailSchema, { to, subject: "SMS", text: `${said}\n\n@${host} #${code}` });
}
