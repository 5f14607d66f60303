import type { Config } from "../../host/config.ts";
import { asciiDomainOf } from "../../host/email-address.ts";
import { mailHeaders } from "./mail-headers.ts";
import { MailNotSent, type MailTransport } from "./mail-transport.ts";

/**
 * How long each step of sending may take, and all of them with the wait for a connection, in milliseconds. A server may look at a
 * mail for long before it takes it (RFC 5321 §4.5.3.2.6): whoever does not wait for its answer sends a mail again that it has taken.
 */
export const smtpPatience = {
  dns: 5_000,
  connection: 10_000,
  greeting: 10_000,
  silence: 60_000,
  whole: 80_000,
} as const;
const connections = 4;

/** The limits of a test that does not wait as long. */
export type SmtpPatience = { readonly [Step in keyof typeof smtpPatience]: number };

/**
 * Sends by SMTP. Without TLS from the first byte on (`smtps:`), it must be offered (STARTTLS), except on loopback and where
 * the URL says `tls=optional`: links and passwords do not cross a network in the clear.
 */
export async function createSmtpTransport(
  { server, from }: { readonly server: NonNullable<Config["mail"]["smtp"]>; readonly from: string },
  limits: SmtpPatience = smtpPatience,
): Promise<MailTransport> {
  const { createTransport } = await import("nodemailer"); // read with the first mail
  // Apart: nodemailer reads a text as a list, in which a name has other marks than these.
  const sender = senderOf(from);
  const transport = createTransport({
    pool: true,
    maxConnections: connections,
    host: server.host,
    port: server.port,
    name: ownName(from),
    secure: server.isTls,
    requireTLS: server.needsTls,
    ...(server.user === undefined ? {} : { auth: { user: server.user, pass: server.password ?? "" } }),
    dnsTimeout: limits.dns,
    connectionTimeout: limits.connection,
    greetingTimeout: limits.greeting,
    socketTimeout: limits.silence,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send(mail, { id }) {
      try {
        await transport.sendMail({
          ...mailHeaders(mail, { id, sender: sender.address }),
          // The address stays the operator's, for which their server answers (SPF, DKIM).
          from: { name: mail.senderName || sender.name, address: sender.address },
          signal: AbortSignal.timeout(limits.whole),
        });
      } catch (error) {
        throw notSent(error);
      }
    },
    async close() {
      transport.close();
    },
  };
}

/**
 * How we call ourselves to mail servers: the domain that the operator's mails are from. Many take mails of nobody who is `[127.0.0.1]`, as
 * nodemailer is where the machine's name has no domain.
 */
export const ownName = (from: string): string => asciiDomainOf(senderOf(from).address) || "localhost";

/** The parts of `<name> <<address>>`, or of an address alone. */
function senderOf(from: string): { readonly name: string; readonly address: string } {
  const { name = "", address = from } = /^(?<name>.*)<(?<address>[^<>]+)>\s*$/.exec(from)?.groups ?? {};
  return { name: name.trim(), address };
}

/** An error of nodemailer. */
interface SmtpError {
  readonly code?: string;
  /** The step at which it came about, such as `RCPT TO`. */
  readonly command?: string;
  readonly responseCode?: number;
}

/**
 * What kept a mail from being sent. That its recipient or content is refused for good (RFC 5321 §4.2.1: 5yz) is final; that
 * we are refused, such as by a wrong password or because we may not send from this address, is not: somebody will mend it.
 */
function notSent(error: unknown): MailNotSent {
  const { code = "unknown", command, responseCode } = error as SmtpError;
  const isRefused = (code === "EENVELOPE" || code === "EMESSAGE") && responseCode !== undefined && responseCode >= 500;
  if (isRefused) return command === "MAIL FROM" ? new MailNotSent("sender", false) : new MailNotSent("refused", true);
  return new MailNotSent(code === "EABORT" ? "etimedout" : code.toLowerCase(), false);
}
