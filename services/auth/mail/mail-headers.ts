import type { RenderedMail } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { inAsciiDomain } from "../../host/email-address.ts";

/** A mail as it is handed to a server, but for from whom it is. Domains are in A-labels: not every server knows others. */
export const mailHeaders = ({ to, subject, text, html, replyTo }: RenderedMail) => ({
  ...(replyTo === "" ? {} : { replyTo: { name: "", address: inAsciiDomain(replyTo) } }),
  to: { name: "", address: inAsciiDomain(to) },
  subject,
  text,
  html,
  headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
});
