import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { MailKind } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { MailboxProofSchema, MailboxProofUse } from "#gen/koder/auth/store/v1/mailbox_proof_pb.ts";
import {
  MailInvitationResponseSchema,
  type MailInvitationRequest,
  type MailInvitationResponse,
} from "#gen/koder/auth/v1/invitation_mail_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { TenantStore } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { randomToken } from "../../vault/random.ts";
import { mailboxProofs } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { countMailed } from "../email/count-mailed.ts";
import { mailboxProofAsked } from "../email/email-events.ts";
import { mailLink } from "../mail/mail-link.ts";
import { mailboxProofHash } from "../recovery/mailbox-proof.ts";

/**
 * Mails a link by which an invitation is accepted. What it gives is the invitation's: the link says which, and nothing else. A
 * repeat, with the same number and end of the link, mails and counts nothing.
 */
export function mailInvitation({ store, vault, tenants, mailer, emailPolicy, clock }: AuthDependencies) {
  return async (request: MailInvitationRequest, context: HandlerContext): Promise<MailInvitationResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const { invitationId, link, userId, email, name, locale, expireTime } = request;
    if (await wasMailed(data, request)) return create(MailInvitationResponseSchema);
    await countMailed(data, emailPolicy, clock(), invitationId);
    const [tenantVault, tenant] = await Promise.all([vault.tenant(call.tenantId), tenants.get(call)]);
    const now = clock();
    const token = randomToken("kmp_");
    const proof = create(MailboxProofSchema, {
      secretHash: mailboxProofHash(tenantVault, token),
      use: MailboxProofUse.INVITATION,
      userId,
      email,
      name,
      locale,
      changeId: invitationId,
      invitationLink: link,
      ...(expireTime ? { expireTime } : {}),
    });
    const mail = mailer.prepare(
      { tenantId: call.tenantId, vault: tenantVault },
      MailKind.INVITATION,
      { to: email, locale, link: mailLink(tenant, "signUp", token) },
      expireTime === undefined ? now : timestampMs(expireTime),
    );
    await data.commit([insert(mailboxProofs, proof), mail.write], [mailboxProofAsked(call, now, proof)]);
    await mail.queue();
    return create(MailInvitationResponseSchema);
  };
}

/** Links that are looked at for a repeat: of an invitation that was mailed more often, one more mail does no harm. */
const lookedAt = 50;

async function wasMailed(
  data: TenantStore,
  { invitationId, link, userId, expireTime }: MailInvitationRequest,
): Promise<boolean> {
  const { items } = await data.page(mailboxProofs, { index: "user_id", equals: userId, limit: lookedAt });
  return items.some(
    ({ record }) =>
      record.changeId === invitationId &&
      record.invitationLink === link &&
      record.expireTime !== undefined &&
      expireTime !== undefined &&
      timestampMs(record.expireTime) === timestampMs(expireTime),
  );
}
