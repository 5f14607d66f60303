import type { RenderedMail } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { inAsciiDomain } from "../../host/email-address.ts";
import type { GuardedConnect, GuardedConnection, Place } from "../../host/outbound/guarded-connect.ts";
import { createHostLanes, type HostLanes } from "../../host/outbound/host-lanes.ts";
import { OutboundFailed } from "../../host/outbound/outbound-failed.ts";
import { MailNotSent, type MailId } from "../mail/mail-transport.ts";
import { mailHeaders } from "../mail/mail-headers.ts";
import { smtpPatience } from "../mail/smtp-transport.ts";
import type { OwnServer } from "./mail-server.ts";
import { notTaken } from "./not-taken.ts";

/** Hands mails to the servers of tenants. */
export interface OwnServerTransport {
  /** Resolves when the server has taken the mail, within so many milliseconds, or as many as the operator's has. Rejects with MailNotSent. */
  send(server: OwnServer, mail: RenderedMail, job: MailId, time?: number): Promise<void>;
}

/** How long it may take, in milliseconds, until there is a connection, and until the server has spoken. */
interface ReachLimits {
  readonly connected: number;
  readonly greeted: number;
}

const usual: ReachLimits = { connected: 5_000, greeted: 10_000 };
/** Mails on their way at once: by one tenant's server, waiting for it, and by those of all; less than are under way in all. */
const most = { perHost: 2, waiting: 2, overall: 24 } as const;
/** Of what a server says, in bytes. */
const longestAnswer = 65_536;

/**
 * One connection a mail, to an address that was looked at, with TLS that is verified for the server's name and without which
 * nothing is said (security A17). A slow server holds up no other tenant. `name` is how we call ourselves.
 */
export function createOwnServerTransport(
  { connect, name }: { readonly connect: GuardedConnect; readonly name: string },
  lanes: HostLanes = createHostLanes(most),
  limits: ReachLimits = usual,
): OwnServerTransport {
  return {
    async send(server, mail, { tenantId, id }, time = smtpPatience.whole) {
      const signal = AbortSignal.timeout(time);
      try {
        await lanes.run(tenantId, signal, () => handOver({ connect, name, limits }, server, { mail, id }, signal));
      } catch (error) {
        if (error instanceof OutboundFailed) throw new MailNotSent(faultOf(error), false);
        throw error;
      }
    },
  };
}

/** One fault for whatever keeps a connection from coming about: what is open on a host is nobody's to learn from us. */
const faultOf = ({ fault }: OutboundFailed): string => (fault === "timeout" ? "connection" : fault);

async function handOver(
  { connect, name, limits }: { readonly connect: GuardedConnect; readonly name: string; readonly limits: ReachLimits },
  { host, port, isTls, credentials, senderAddress }: OwnServer,
  { mail, id }: { readonly mail: RenderedMail; readonly id: string },
  signal: AbortSignal,
): Promise<void> {
  const { createTransport } = await import("nodemailer"); // read with the first mail
  const { socket, ca } = await connected(connect, { host, port }, signal, limits.connected);
  try {
    const transport = createTransport({
      host,
      port,
      name,
      secure: isTls,
      requireTLS: !isTls,
      greetingTimeout: limits.greeted,
      getSocket: (_options, callback) => callback(null, { connection: socket }),
      // rejectUnauthorized is said here so that NODE_TLS_REJECT_UNAUTHORIZED has no say.
      tls: { servername: host, minVersion: "TLSv1.2", rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) },
      forceAuth: credentials !== undefined,
      ...(credentials === undefined ? {} : { auth: { user: credentials.user, pass: credentials.password } }),
      maxResponseSize: longestAnswer,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    const address = inAsciiDomain(senderAddress);
    const from = mail.senderName === "" ? address : { name: mail.senderName, address };
    await transport.sendMail({ ...mailHeaders(mail, { id, sender: senderAddress }), from, signal });
  } catch (error) {
    throw notTaken(error);
  } finally {
    socket.destroy();
  }
}

/** A connection, or none soon: a host that lets packets vanish holds a place for no longer than it must. The signal ends what is done on it. */
async function connected(
  connect: GuardedConnect,
  place: Place,
  signal: AbortSignal,
  time: number,
): Promise<GuardedConnection> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), time);
  try {
    return await connect.open(place, AbortSignal.any([signal, late.signal]));
  } finally {
    clearTimeout(timer);
  }
}
