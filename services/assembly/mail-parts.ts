import type { AuthDependencies } from "../auth/dependencies.ts";
import { atMost } from "../auth/mail/at-most.ts";
import { createMailDeliveries } from "../auth/mail/deliver-mails.ts";
import { MailNotSent, type MailTransport } from "../auth/mail/mail-transport.ts";
import { createMailer } from "../auth/mail/queue-mail.ts";
import { createShownTransport } from "../auth/mail/shown-mails.ts";
import { createSmtpTransport, ownName } from "../auth/mail/smtp-transport.ts";
import { mailPorts } from "../auth/mail-server/mail-server.ts";
import { createMailRoute } from "../auth/mail-server/mail-route.ts";
import { createOwnServerTransport } from "../auth/mail-server/own-server-transport.ts";
import { createSmsWebhook } from "../auth/sms/sms-webhook.ts";
import { tellMails } from "../auth/mail/tell-mails.ts";
import { createGuardedConnect } from "../host/outbound/guarded-connect.ts";
import type { ModuleParts } from "./modules.ts";

/** Mails with the operator's server at once, and messages with whoever brings these. */
const [mostByOperators, mostBySms] = [16, 8];

/** What the auth service sends mails with. */
export function mailParts(
  parts: ModuleParts,
): Pick<
  AuthDependencies,
  "mailer" | "mailDeliveries" | "mailConnect" | "ownServers" | "smsAvailable" | "operatorsMail"
> {
  const { config, data, calls, clock, log, metrics, tenantsOf } = parts;
  const { store, vault } = data;
  const system = store.system();
  const sms = smsTransportOf(parts);
  const mailConnect = createGuardedConnect({ exempt: config.outboundExempt, ports: mailPorts });
  const ownServers = createOwnServerTransport({ connect: mailConnect, name: ownName(config.mail.from) });
  return {
    mailConnect,
    ownServers,
    smsAvailable: sms !== undefined,
    operatorsMail: config.mail.smtp !== undefined || config.mode === "development",
    mailer: createMailer({ system, clock }),
    mailDeliveries: createMailDeliveries({
      store,
      system,
      vault,
      tenants: tenantsOf("auth"),
      peers: calls.peersOf("auth"),
      transport: createMailRoute({
        store,
        vault,
        ownServers,
        operators: atMost(mostByOperators, transportOf(parts)),
        clock,
      }),
      sms: atMost(mostBySms, sms ?? noSms),
      clock,
      onAttempt: tellMails({ log, metrics }),
      onFault: (error, mail) => log.error({ err: error, ...mail }, "a mail could not be looked at"),
    }),
  };
}

function transportOf({ config, data, clock, log }: ModuleParts): MailTransport {
  const { smtp, from } = config.mail;
  if (smtp !== undefined) return afterFirstUse(() => createSmtpTransport({ server: smtp, from }));
  if (config.mode === "development") return createShownTransport({ ...data, clock }, log);
  log.warn("KODER_ID_SMTP_URL is not set: nobody gets a mail, and lost passwords cannot be replaced");
  return { send: () => Promise.reject(new MailNotSent("no mail server", true)), close: () => Promise.resolve() };
}

/** Who brings messages to telephones; undefined for nobody. */
function smsTransportOf({ config, data, clock, log, outbound }: ModuleParts): MailTransport | undefined {
  if (config.sms !== undefined) return createSmsWebhook(config.sms, { outbound, clock });
  return config.mode === "development" ? createShownTransport({ ...data, clock }, log) : undefined;
}

/** What was asked for while there was somebody. */
const noSms: MailTransport = {
  send: () => Promise.reject(new MailNotSent("no sms provider", true)),
  close: () => Promise.resolve(),
};

/** A transport that is made when the first mail is sent: who sends none does without. */
function afterFirstUse(make: () => Promise<MailTransport>): MailTransport {
  let made: Promise<MailTransport> | undefined;
  return {
    send: async (mail, job) => (await (made ??= make())).send(mail, job),
    close: async () => (await made)?.close(),
  };
}
