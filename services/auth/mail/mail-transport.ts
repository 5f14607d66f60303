import type { RenderedMail } from "#gen/koder/auth/store/v1/mail_pb.ts";

/** Which mail it is: the same at each attempt. */
export interface MailId {
  readonly tenantId: string;
  readonly id: string;
}

/** Hands mails on to whoever brings them to their readers. */
export interface MailTransport {
  /** Resolves when somebody else has taken over. Rejects with MailNotSent. */
  send(mail: RenderedMail, job: MailId): Promise<void>;
  close(): Promise<void>;
}

/** A mail that nobody has taken over. Never says to whom it was to go, nor what was in it. */
export class MailNotSent extends Error {
  override readonly name = "MailNotSent";
  /** For events and logs: `refused`, or a code of the connection. */
  readonly fault: string;
  /** Trying again changes nothing. */
  readonly isFinal: boolean;
  constructor(fault: string, isFinal: boolean) {
    super(`the mail was not sent: ${fault}`);
    this.fault = fault;
    this.isFinal = isFinal;
  }
}
