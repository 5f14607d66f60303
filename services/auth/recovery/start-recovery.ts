import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  StartRecoveryResponseSchema,
  type StartRecoveryRequest,
  type StartRecoveryResponse,
} from "#gen/koder/auth/v1/recovery_service_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { MailboxService } from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { callOf, forward } from "../../host/call.ts";
import { countAttemptInWindow, inWindow } from "../../host/windowed-attempts.ts";
import { accountKeyOf } from "../account-key.ts";
import { tooMany } from "../attempts.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { checkPasswordAllowed } from "../factors/check-factor-allowed.ts";
import { askRecovery } from "./ask-recovery.ts";

const hour = 60 * 60_000;

/**
 * Mails a link to whoever has a login name. For a name that nobody has, somebody without a mailbox, and an account that has
 * been mailed enough, the same is read and the same is written, with a mail to nobody (security A23). What the request says
 * of its host is in no link (security A4).
 *
 * An address that is not verified is mailed too: only an administrator can have set it, and whoever reads it verifies it so.
 */
export function startRecovery(dependencies: AuthDependencies) {
  const { store, vault, peers, tenants, recovery, clock } = dependencies;
  return async (request: StartRecoveryRequest, context: HandlerContext): Promise<StartRecoveryResponse> => {
    const call = callOf(context);
    await checkPasswordAllowed(dependencies, call, "");
    const data = store.tenant(call.tenantId);
    const counted = await countAttemptInWindow(data, "recovery", recovery, clock(), call.clientAddress);
    if (counted.isTooMany) throw tooMany(recovery.window);
    const [{ userId, loginKey }, tenantVault, tenant] = await Promise.all([
      peers.client(CredentialService).resolveLogin({ login: request.username }, forward(call)),
      vault.tenant(call.tenantId),
      tenants.get(call),
    ]);
    const accountKey = accountKeyOf(tenantVault, userId, loginKey);
    const [ofAccount, forgotten] = inWindow(`recovery/account/${accountKey}`, hour, clock());
    const [asked, mailbox, { userEpoch }] = await Promise.all([
      data.add(ofAccount, 1, forgotten),
      peers.client(MailboxService).getMailbox({ userId }, forward(call)),
      peers.client(RevocationService).getUserEpoch({ userId }, forward(call)),
    ]);
    await askRecovery(
      dependencies,
      call,
      { vault: tenantVault, tenant },
      {
        userId,
        userEpoch,
        email: asked <= recovery.perAccount ? mailbox.email : "",
        locale: mailbox.locale || request.locale,
      },
    );
    return create(StartRecoveryResponseSchema);
  };
}
