import { MailNotSent } from "../mail/mail-transport.ts";

/** An error of nodemailer. */
interface SmtpError {
  readonly code?: string;
  /** The step at which it came about, such as `RCPT TO`. */
  readonly command?: string;
  readonly responseCode?: number;
  /** Of the socket, such as `DEPTH_ZERO_SELF_SIGNED_CERT`. */
  readonly originalCode?: string;
  readonly message?: string;
}

/**
 * The step at which a tenant's server did not take a mail. What the server said is left out: it may be no mail server at all.
 * Only that the recipient or the content is refused for good (RFC 5321 §4.2.1: 5yz) is final; anything else somebody will mend.
 */
export function notTaken(error: unknown): MailNotSent {
  const { code = "", command = "", responseCode = 0 } = error as SmtpError;
  if (isOfTls(error as SmtpError)) return new MailNotSent("tls", false);
  const isOfSignIn = code === "EAUTH" || code === "ENOAUTH" || command.startsWith("AUTH");
  const isOfMail = command === "MAIL FROM" || command === "RCPT TO" || command === "DATA";
  const isPutOff = isOfMail ? responseCode < 500 : responseCode >= 400 && responseCode < 500;
  if ((isOfSignIn || isOfMail) && isPutOff) return new MailNotSent("deferred", false);
  if (isOfSignIn) return new MailNotSent("sign_in", false);
  if (isOfMail) return command === "MAIL FROM" ? new MailNotSent("sender", false) : new MailNotSent("refused", true);
  return new MailNotSent(responseCode > 0 ? "greeting" : "connection", false);
}

const isOfTls = ({ code = "", originalCode = "", message = "" }: SmtpError): boolean =>
  code === "ETLS" ||
  /CERT|VERIFY|TLS|SSL|SIGNED|ISSUER|EPROTO/.test(originalCode) ||
  /certificate|altnames|\bTLS\b|\bSSL\b/i.test(code === "ESOCKET" ? message : "");
