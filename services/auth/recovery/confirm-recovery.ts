import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { MailboxProofUse, type MailboxProofSchema } from "#gen/koder/auth/store/v1/mailbox_proof_pb.ts";
import {
  ConfirmRecoveryResponseSchema,
  type ConfirmRecoveryRequest,
  type ConfirmRecoveryResponse,
} from "#gen/koder/auth/v1/recovery_service_pb.ts";
import { MailboxService } from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { callOf, forward, type Call } from "../../host/call.ts";
import { Conflict, type Stored } from "../../store/store.ts";
import { insert, remove } from "../../store/writes.ts";
import { tellPasswordChanged } from "../account/tell-password-changed.ts";
import { mailboxProofs } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { checkPasswordAllowed } from "../factors/check-factor-allowed.ts";
import { openMailboxProof, proofInvalid } from "./mailbox-proof.ts";
import { recoveryStarted, recoveryTokenUsed } from "./recovery-events.ts";

/**
 * Sets the password of whoever a link was mailed to. It proves the mailbox and signs nobody in (security A5): what else their
 * sign-in asks for it asks for after this as before. The link is used up by the one commit that deletes it (security A24),
 * after the password was looked at and before it is set; a crash in between costs the person another link, and opens nothing.
 * A link from before the user was voided, as by another reset, is void too.
 */
export function confirmRecovery(dependencies: AuthDependencies) {
  const { store, vault, peers, clock } = dependencies;
  return async (request: ConfirmRecoveryRequest, context: HandlerContext): Promise<ConfirmRecoveryResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const tenantVault = await vault.tenant(call.tenantId);
    const proof = await openMailboxProof(data, tenantVault, request.token, MailboxProofUse.PASSWORD_RESET);
    const { userId, email, userEpoch } = proof.record;
    const { newPassword } = request;
    if (request.userId !== "" && request.userId !== userId) throw proofInvalid();
    await checkPasswordAllowed(dependencies, call, userId);
    const mailboxes = peers.client(MailboxService);
    const [current] = await Promise.all([
      peers.client(RevocationService).getUserEpoch({ userId }, forward(call)),
      mailboxes.checkNewPassword({ userId, newPassword }, forward(call)).catch(withoutUser),
    ]);
    if (current.userEpoch !== userEpoch) throw proofInvalid();
    try {
      const used = recoveryTokenUsed(call, clock(), proof.record, proof.version + 1);
      await data.commit([remove(mailboxProofs, proof)], [used]);
    } catch (error) {
      throw error instanceof Conflict ? proofInvalid() : error;
    }
    try {
      await mailboxes.resetPassword({ userId, email, newPassword }, forward(call));
    } catch (error) {
      if (error instanceof ConnectError && error.code === Code.ResourceExhausted) {
        await giveBack(dependencies, call, proof);
      }
      throw withoutUserError(error);
    }
    await tellPasswordChanged(dependencies, call, tenantVault, userId);
    return create(ConfirmRecoveryResponseSchema);
  };
}

/** Somebody who was disabled or deleted since, or has another address: the link is good for nothing any more. */
const withoutUserError = (error: unknown): unknown =>
  error instanceof ConnectError && error.code === Code.NotFound ? proofInvalid() : error;

function withoutUser(error: unknown): never {
  throw withoutUserError(error);
}

/** Nothing was done with it, because too many passwords were being hashed: it is good again. */
async function giveBack(
  { store, clock }: AuthDependencies,
  call: Call,
  { record }: Stored<typeof MailboxProofSchema>,
): Promise<void> {
  await store.tenant(call.tenantId).commit([insert(mailboxProofs, record)], [recoveryStarted(call, clock(), record)]);
}
