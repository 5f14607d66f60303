import { timestampMs } from "@bufbuild/protobuf/wkt";
import { MailKind } from "#gen/koder/auth/store/v1/mail_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import { MailboxService } from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { forward, ownWork } from "../../host/call.ts";
import { deadlines } from "../../host/interceptors/deadline.ts";
import type { LogReading } from "../../host/service-module.ts";
import type { AuthDependencies } from "../dependencies.ts";

/** How long after the event it is tried to tell somebody, in milliseconds; what is older is news to nobody. */
const toldWithin = 24 * 60 * 60_000;

/** Its name among the readers of the log. */
export const accountChangesReader = "account-changes";

/** What a person is told of, and whom the event is about. */
interface News {
  readonly tenantId: string;
  readonly userId: string;
  readonly kind: MailKind;
  readonly requestId: string;
  /** Until when a mail is of use (ms). */
  readonly expires: number;
}

/**
 * Tells people, at the address that they have, that a second factor, a passkey or a personal access token came to their account, or a
 * factor left it: whoever did it, and by whichever way. Of several at once there is one mail of each kind. It follows from the log,
 * so that no request waits for it, and a mail may come twice after a crash.
 */
export function tellAccountChanged({
  store,
  vault,
  peers,
  mailer,
  clock,
}: Pick<AuthDependencies, "store" | "vault" | "peers" | "mailer" | "clock">): LogReading {
  const mailboxOf = ({ tenantId, userId, requestId }: News) => {
    const work = ownWork({ service: "auth", tenantId, requestId, deadline: clock() + deadlines.usual });
    return peers.client(MailboxService).getMailbox({ userId }, forward(work));
  };
  return {
    name: accountChangesReader,
    // What was before there were such mails is news to nobody.
    from: "now",
    async handle(entries) {
      const all = entries.flatMap(({ tenantId, event }) => newsOf(tenantId, event, clock()) ?? []);
      const each = [...new Map(all.map((news) => [`${news.tenantId}/${news.userId}/${news.kind}`, news])).values()];
      // All are looked up before one is mailed: what could not be is given again.
      const found = await Promise.all(each.map(async (news) => ({ news, mailbox: await mailboxOf(news) })));
      for (const { news, mailbox } of found) {
        const { email, locale } = mailbox;
        if (email === "") continue;
        const { tenantId, kind, expires } = news;
        const tenant = { tenantId, vault: await vault.tenant(tenantId) };
        const mail = mailer.prepare(tenant, kind, { to: email, locale }, expires);
        await store.tenant(tenantId).commit([mail.write], []);
        await mail.queue();
      }
    },
  };
}

function newsOf(tenantId: string, { payload, requestId, time }: Event, now: number): News | undefined {
  const kind = kindOf(payload.case);
  const expires = (time === undefined ? 0 : timestampMs(time)) + toldWithin;
  if (kind === undefined || now >= expires) return undefined;
  const { userId } = payload.value as { readonly userId: string };
  return { tenantId, userId, kind, requestId, expires };
}

function kindOf(what: Event["payload"]["case"]): MailKind | undefined {
  switch (what) {
    case "factorAdded":
      return MailKind.FACTOR_ADDED;
    case "factorRemoved":
      return MailKind.FACTOR_REMOVED;
    case "personalAccessTokenCreated":
      return MailKind.ACCESS_TOKEN_CREATED;
    default:
      return undefined;
  }
}
