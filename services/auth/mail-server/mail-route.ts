import type { Store } from "../../store/store.ts";
import type { Vault } from "../../vault/vault.ts";
import { MailNotSent, type MailTransport } from "../mail/mail-transport.ts";
import { openMailServer, type OwnServer } from "./mail-server.ts";
import type { OwnServerTransport } from "./own-server-transport.ts";

/** How long a tenant's server is left alone that could not be reached, and for how long one was tried in vain for that, in milliseconds. */
const [leftAlone, longInVain] = [30_000, 3_000];
/** Servers of which that is remembered. */
const mostAway = 1_000;

/**
 * Hands each mail to the server of its tenant, read anew each time, or where that has none, to the operator's. Where one was tried in
 * vain for long, other mails for it fail as that did, for a while, and hold no place among those under way: however many tenants have
 * such a server, and mails that wait for it, those of others go out.
 */
export function createMailRoute({
  store,
  vault,
  ownServers,
  operators,
  clock,
}: {
  readonly store: Pick<Store, "tenant">;
  readonly vault: Vault;
  readonly ownServers: OwnServerTransport;
  readonly operators: MailTransport;
  readonly clock: () => number;
}): MailTransport {
  /** Until when each is left alone. */
  const away = new Map<string, number>();
  const isAway = (name: string): boolean => {
    const left = (away.get(name) ?? 0) - clock();
    return left > 0 && left <= leftAlone;
  };

  async function sendByOwn(own: OwnServer, ...[mail, job]: Parameters<MailTransport["send"]>): Promise<void> {
    const name = `${job.tenantId} ${own.host}:${own.port}`;
    if (isAway(name)) throw new MailNotSent("connection", false);
    const began = clock();
    try {
      await ownServers.send(own, mail, job);
    } catch (error) {
      if (error instanceof MailNotSent && error.fault === "connection" && clock() - began >= longInVain) {
        if (away.size >= mostAway) away.clear();
        away.set(name, clock() + leftAlone);
      }
      throw error;
    }
  }

  return {
    async send(mail, job) {
      const own = await openMailServer(store.tenant(job.tenantId), vault);
      await (own === undefined ? operators.send(mail, job) : sendByOwn(own, mail, job));
    },
    close: () => operators.close(),
  };
}
