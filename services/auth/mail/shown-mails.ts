import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { RenderedMailSchema, ShownMailSchema } from "#gen/koder/auth/store/v1/mail_pb.ts";
import {
  ListShownMailsResponseSchema,
  ShownMailSchema as ShownMailMessageSchema,
  type ListShownMailsRequest,
  type ListShownMailsResponse,
} from "#gen/koder/auth/v1/shown_mail_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { Log } from "../../host/log.ts";
import { insert } from "../../store/writes.ts";
import { versionOfBox } from "../../vault/sealed-box.ts";
import { shownMails } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import type { MailTransport } from "./mail-transport.ts";

/** How long development keeps a mail, in milliseconds, and how many are shown. */
const [kept, mostShown] = [60 * 60_000, 50];

const placeOf = (id: string) => ({ collection: shownMails.name, id, field: "sealed_mail" });

type Needs = Pick<AuthDependencies, "store" | "vault" | "clock">;

/** Instead of sending mails, writes them to the log and keeps them for the page `/dev/mail`. For development alone. */
export function createShownTransport({ store, vault, clock }: Needs, log: Pick<Log, "info">): MailTransport {
  return {
    async send(mail, { tenantId, id }) {
      log.info({ to: mail.to, subject: mail.subject, text: mail.text }, "a mail, which development does not send");
      const tenantVault = await vault.tenant(tenantId);
      const record = create(ShownMailSchema, {
        id,
        sealedMail: tenantVault.seal(placeOf(id), toBinary(RenderedMailSchema, mail)),
        expireTime: timestampFromMs(clock() + kept),
      });
      await store.tenant(tenantId).commit([insert(shownMails, record)], []);
    },
    close: () => Promise.resolve(),
  };
}

/** The last mails that were shown, the newest first. */
export function listShownMails({ store, vault }: Needs) {
  return async (_request: ListShownMailsRequest, context: HandlerContext): Promise<ListShownMailsResponse> => {
    const { tenantId } = callOf(context);
    const query = { index: "id", descending: true, limit: mostShown } as const;
    const { items } = await store.tenant(tenantId).page(shownMails, query);
    const mails = items.map(async ({ record: { id, sealedMail, expireTime } }) => {
      const tenantVault = await vault.tenant(tenantId, versionOfBox(sealedMail));
      const { to, subject, text, html } = fromBinary(RenderedMailSchema, tenantVault.open(placeOf(id), sealedMail));
      const createTime = timestampFromMs((expireTime ? timestampMs(expireTime) : 0) - kept);
      return create(ShownMailMessageSchema, { id, to, subject, text, html, createTime });
    });
    return create(ListShownMailsResponseSchema, { mails: await Promise.all(mails) });
  };
}
