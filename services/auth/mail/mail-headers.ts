import type { RenderedMail } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { asciiDomainOf, inAsciiDomain } from "../../host/email-address.ts";

/**
 * A mail as it is handed to a server, but for from whom it is. Domains are in A-labels: not every server knows others. It has the
 * same Message-ID at each attempt (RFC 5322 §3.6.4), so that mailboxes know one again that was taken without our hearing of it.
 */
export const mailHeaders = (
  { to, subject, text, html, replyTo }: RenderedMail,
  { id, sender }: { readonly id: string; readonly sender: string },
) => ({
  messageId: `<${id.toLowerCase()}@${asciiDomainOf(sender)}>`,
  ...(replyTo === "" ? {} : { replyTo: { name: "", address: inAsciiDomain(replyTo) } }),
  to: { name: "", address: inAsciiDomain(to) },
  subject,
  text,
  html,
  headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
});
