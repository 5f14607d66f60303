import type { RenderedMail } from "#gen/koder/auth/store/v1/mail_pb.ts";

/** A mail as it is handed to a server, but for from whom it is. */
export const mailHeaders = ({ to, subject, text, html, replyTo }: RenderedMail) => ({
  ...(replyTo === "" ? {} : { replyTo: { name: "", address: replyTo } }),
  to: { name: "", address: to },
  subject,
  text,
  html,
  headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
});
