import { MailNotSent, type MailTransport } from "./mail-transport.ts";

/** The same for so many mails at once; others are `busy`: where a server hangs, there is room for the mails that others bring. */
export function atMost(most: number, transport: MailTransport): MailTransport {
  let underWay = 0;
  return {
    async send(mail, job) {
      if (underWay >= most) throw new MailNotSent("busy", false);
      underWay += 1;
      try {
        await transport.send(mail, job);
      } finally {
        underWay -= 1;
      }
    },
    close: () => transport.close(),
  };
}
