import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { MailKind } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { EmailChangeSchema, MailboxProofUse } from "#gen/koder/auth/store/v1/mailbox_proof_pb.ts";
import {
  StartEmailChangeResponseSchema,
  type StartEmailChangeRequest,
  type StartEmailChangeResponse,
} from "#gen/koder/auth/v1/email_service_pb.ts";
import { MailboxService } from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { callOf, forward } from "../../host/call.ts";
import { insert } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import { emailChanges } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { userOf } from "../../host/user-of.ts";
import { askProof } from "./ask-proof.ts";
import { countMailed } from "./count-mailed.ts";
import { emailChangeAdvanced } from "./email-events.ts";

/**
 * Mails a link to the address that a user wants to have, and one to the address that they have where it is verified: whoever
 * has taken over a session only does not take over the account. Nothing tells whether somebody has the new address; that
 * comes to light for whoever reads it. All of it is void with whatever else voids the user.
 */
export function startEmailChange(dependencies: AuthDependencies) {
  const { store, vault, peers, tenants, emailPolicy, clock } = dependencies;
  return async (request: StartEmailChangeRequest, context: HandlerContext): Promise<StartEmailChangeResponse> => {
    const call = callOf(context);
    const userId = userOf(call, request);
    const data = store.tenant(call.tenantId);
    await countMailed(data, emailPolicy, clock(), userId);
    const [mailbox, { userEpoch }, tenantVault, tenant] = await Promise.all([
      peers.client(MailboxService).getMailbox({ userId }, forward(call)),
      peers.client(RevocationService).getUserEpoch({ userId }, forward(call)),
      vault.tenant(call.tenantId),
      tenants.get(call),
    ]);
    const now = clock();
    const change = create(EmailChangeSchema, {
      id: ulid(now),
      userId,
      oldEmail: mailbox.email,
      newEmail: request.email,
      oldConfirmed: !(mailbox.email !== "" && mailbox.emailVerified),
      expireTime: timestampFromMs(now + emailPolicy.lifetime),
    });
    const own = { vault: tenantVault, tenant };
    const { locale } = mailbox;
    const half = { userId, userEpoch, changeId: change.id };
    const asked = [
      askProof(
        dependencies,
        call,
        own,
        { ...half, use: MailboxProofUse.EMAIL_CHANGE_NEW, email: request.email },
        { kind: MailKind.EMAIL_CHANGE_NEW, locale, otherAddress: request.email },
      ),
      ...(change.oldConfirmed
        ? []
        : [
            askProof(
              dependencies,
              call,
              own,
              { ...half, use: MailboxProofUse.EMAIL_CHANGE_OLD, email: mailbox.email },
              { kind: MailKind.EMAIL_CHANGE_OLD, locale, otherAddress: request.email },
            ),
          ]),
    ];
    await data.commit(
      [insert(emailChanges, change), ...asked.flatMap(({ writes }) => writes)],
      [emailChangeAdvanced(call, now, change, 1), ...asked.map(({ event }) => event)],
    );
    for (const { queue } of asked) await queue();
    return create(StartEmailChangeResponseSchema, { bothMustConfirm: !change.oldConfirmed });
  };
}
