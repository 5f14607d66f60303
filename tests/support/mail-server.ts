import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import { expect } from "vitest";

/** A mail as a mail server got it. */
export interface ReceivedMail {
  readonly to: readonly string[];
  /** Headers and parts, with what was encoded for the way decoded. */
  readonly text: string;
}

/** A mail server that keeps what it gets. */
export interface MailServer {
  /** For KODER_ID_SMTP_URL. */
  readonly url: string;
  readonly mails: readonly ReceivedMail[];
  /** The last link of ours that an address was mailed, once it has been mailed `count` of them. */
  linkFor(address: string, count?: number): Promise<URL>;
  stop(): Promise<void>;
}

/** Starts one on a free port. */
export async function startMailServer(): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    logger: false,
    onData(stream, session, callback) {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        mails.push({
          to: session.envelope.rcptTo.map(({ address }) => address),
          text: fromQuotedPrintable(Buffer.concat(parts).toString("latin1")),
        });
        callback();
      });
    },
  });
  const listening = server.listen(0, "127.0.0.1");
  await once(listening, "listening");
  const links = (address: string) =>
    mails
      .filter(({ to }) => to.includes(address))
      .flatMap(({ text }) => /https?:\/\/\S+[?&]token=[\w-]+/.exec(text)?.[0] ?? []);
  return {
    url: `smtp://127.0.0.1:${(listening.address() as AddressInfo).port}`,
    mails,
    async linkFor(address, count = 1) {
      await expect.poll(() => links(address).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(count);
      return new URL(links(address).at(-1) ?? "");
    },
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

/** RFC 2045 §6.7, for what we send: texts in UTF-8. */
function fromQuotedPrintable(text: string): string {
  const bytes = text
    .replaceAll(/=\r?\n/g, "")
    .replaceAll(/=([0-9A-F]{2})/g, (_whole, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
