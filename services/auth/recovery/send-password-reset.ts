import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  SendPasswordResetResponseSchema,
  type SendPasswordResetRequest,
  type SendPasswordResetResponse,
} from "#gen/koder/auth/v1/recovery_service_pb.ts";
import { MailboxService } from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { callOf, forward } from "../../host/call.ts";
import { checkMayChange } from "../account/check-may-change.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { countMailed } from "../email/count-mailed.ts";
import { noMailbox } from "../email/send-email-verification.ts";
import { checkPasswordAllowed } from "../factors/check-factor-allowed.ts";
import { askRecovery } from "./ask-recovery.ts";

/**
 * Mails a user the link by which they choose another password, because an administrator wants it. They read the link
 * themselves, so it proves the mailbox as one that they asked for does; until it is used, nothing of theirs is changed.
 */
export function sendPasswordReset(dependencies: AuthDependencies) {
  const { store, vault, peers, tenants, emailPolicy, clock } = dependencies;
  return async (request: SendPasswordResetRequest, context: HandlerContext): Promise<SendPasswordResetResponse> => {
    const call = callOf(context);
    const { userId } = request;
    await checkMayChange(peers, call, userId, "mails a reset to somebody who has it");
    const { email, locale } = await peers.client(MailboxService).getMailbox({ userId }, forward(call));
    if (email === "") throw noMailbox(userId);
    await checkPasswordAllowed(dependencies, call, userId);
    await countMailed(store.tenant(call.tenantId), emailPolicy, clock(), userId);
    // Read last: what voids the user from here on voids the link.
    const { userEpoch } = await peers.client(RevocationService).getUserEpoch({ userId }, forward(call));
    const own = { vault: await vault.tenant(call.tenantId), tenant: await tenants.get(call) };
    await askRecovery(dependencies, call, own, { userId, userEpoch, email, locale });
    return create(SendPasswordResetResponseSchema);
  };
}
