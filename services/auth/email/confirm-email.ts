import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import {
  EmailChangeSchema,
  MailboxProofUse,
  type MailboxProofSchema,
} from "#gen/koder/auth/store/v1/mailbox_proof_pb.ts";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import {
  ConfirmEmailResponseSchema,
  type ConfirmEmailRequest,
  type ConfirmEmailResponse,
} from "#gen/koder/auth/v1/email_service_pb.ts";
import { MailboxService } from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { callOf, forward, type Call } from "../../host/call.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { remove, replace } from "../../store/writes.ts";
import { authFailure } from "../auth-failure.ts";
import { emailChanges, mailboxProofs } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { findMailboxProof } from "../recovery/mailbox-proof.ts";
import { emailChangeAdvanced, mailboxProofUsed } from "./email-events.ts";

/**
 * Takes the secret of a link that verifies an address, or confirms one half of a change. What the last half allows is done
 * first and is the same when repeated, then the link is used up with what it was for: after a crash in between it does what
 * was done, and no more. Who of several is the one that uses a link up, its commit decides (security A24).
 */
export function confirmEmail(dependencies: AuthDependencies) {
  const { store, vault, peers } = dependencies;
  return async (request: ConfirmEmailRequest, context: HandlerContext): Promise<ConfirmEmailResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const proof = await findMailboxProof(data, await vault.tenant(call.tenantId), request.token);
    const { userId, use, email } = proof?.record ?? { userId: "", use: MailboxProofUse.UNSPECIFIED, email: "" };
    if (proof === undefined || (request.userId !== "" && request.userId !== userId)) throw emailTokenInvalid();
    switch (use) {
      case MailboxProofUse.EMAIL_VERIFICATION: {
        await peers.client(MailboxService).verifyEmail({ userId, email }, forward(call)).catch(whereNobody);
        const used = mailboxProofUsed(call, dependencies.clock(), proof.record, proof.version + 1);
        if (!(await commitUnlessChanged(data, [remove(mailboxProofs, proof)], [used]))) throw emailTokenInvalid();
        return create(ConfirmEmailResponseSchema, { done: true });
      }
      case MailboxProofUse.EMAIL_CHANGE_NEW:
      case MailboxProofUse.EMAIL_CHANGE_OLD:
        return create(ConfirmEmailResponseSchema, { done: await confirmChange(dependencies, call, data, proof) });
      default:
        throw emailTokenInvalid(); // a link to a new password
    }
  };
}

async function confirmChange(
  { peers, clock }: AuthDependencies,
  call: Call,
  data: TenantStore,
  proof: Stored<typeof MailboxProofSchema>,
): Promise<boolean> {
  const { userId, use, userEpoch } = proof.record;
  const { userEpoch: current } = await peers.client(RevocationService).getUserEpoch({ userId }, forward(call));
  if (current !== userEpoch) throw emailTokenInvalid();
  for (;;) {
    const stored = await data.get(emailChanges, proof.record.changeId);
    if (stored === undefined) throw emailTokenInvalid();
    const isNew = use === MailboxProofUse.EMAIL_CHANGE_NEW;
    const change = create(EmailChangeSchema, {
      ...stored.record,
      ...(isNew ? { newConfirmed: true } : { oldConfirmed: true }),
    });
    const done = change.newConfirmed && change.oldConfirmed;
    if (done) {
      const { oldEmail, newEmail } = change;
      await peers.client(MailboxService).changeEmail({ userId, oldEmail, newEmail }, forward(call)).catch(whereNobody);
    }
    const now = clock();
    const events = [
      mailboxProofUsed(call, now, proof.record, proof.version + 1),
      emailChangeAdvanced(call, now, change, stored.version + 1),
    ];
    const advanced = done ? remove(emailChanges, stored) : replace(emailChanges, change, stored.version);
    if (await commitUnlessChanged(data, [remove(mailboxProofs, proof), advanced], events)) return done;
    // Either the link was used meanwhile, or the other half was confirmed at the same moment.
    if ((await data.get(mailboxProofs, proof.record.secretHash)) === undefined) throw emailTokenInvalid();
  }
}

/** Somebody who was disabled or deleted since, or has another address: the link is good for nothing any more. */
function whereNobody(error: unknown): never {
  throw error instanceof ConnectError && error.code === Code.NotFound ? emailTokenInvalid() : error;
}

const emailTokenInvalid = () =>
  authFailure(AuthErrorReason.EMAIL_TOKEN_INVALID, "the link was used or has expired; ask for another one", {
    violations: [{ field: "token", description: "must be that of a link that was not used and is still good" }],
  });
