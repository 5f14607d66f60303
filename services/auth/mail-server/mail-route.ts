import type { Store } from "../../store/store.ts";
import type { Vault } from "../../vault/vault.ts";
import type { MailTransport } from "../mail/mail-transport.ts";
import { openMailServer } from "./mail-server.ts";
import type { OwnServerTransport } from "./own-server-transport.ts";

/** Hands each mail to the server of its tenant, read anew each time, or where that has none, to the operator's. */
export function createMailRoute({
  store,
  vault,
  ownServers,
  operators,
}: {
  readonly store: Pick<Store, "tenant">;
  readonly vault: Vault;
  readonly ownServers: OwnServerTransport;
  readonly operators: MailTransport;
}): MailTransport {
  return {
    async send(mail, job) {
      const own = await openMailServer(store.tenant(job.tenantId), vault);
      await (own === undefined ? operators.send(mail, job) : ownServers.send(own, mail, job));
    },
    close: () => operators.close(),
  };
}
