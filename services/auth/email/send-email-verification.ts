import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { MailKind } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { MailboxProofUse } from "#gen/koder/auth/store/v1/mailbox_proof_pb.ts";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import {
  SendEmailVerificationResponseSchema,
  type SendEmailVerificationRequest,
  type SendEmailVerificationResponse,
} from "#gen/koder/auth/v1/email_service_pb.ts";
import { MailboxService } from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { callOf, forward } from "../../host/call.ts";
import { authFailure } from "../auth-failure.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { userOf } from "../../host/user-of.ts";
import { askProof } from "./ask-proof.ts";
import { countMailed } from "./count-mailed.ts";

/** Mails a link by which a user verifies the address that they have; nothing where it is verified. */
export function sendEmailVerification(dependencies: AuthDependencies) {
  const { store, vault, peers, tenants, emailPolicy, clock } = dependencies;
  return async (
    request: SendEmailVerificationRequest,
    context: HandlerContext,
  ): Promise<SendEmailVerificationResponse> => {
    const call = callOf(context);
    const userId = userOf(call, request);
    const mailbox = await peers.client(MailboxService).getMailbox({ userId }, forward(call));
    if (mailbox.email === "") throw noMailbox(userId);
    if (!mailbox.emailVerified) {
      const data = store.tenant(call.tenantId);
      await countMailed(data, emailPolicy, clock(), userId);
      const own = { vault: await vault.tenant(call.tenantId), tenant: await tenants.get(call) };
      const asked = askProof(
        dependencies,
        call,
        own,
        { use: MailboxProofUse.EMAIL_VERIFICATION, userId, email: mailbox.email, userEpoch: 0n, changeId: "" },
        { kind: MailKind.EMAIL_VERIFICATION, locale: mailbox.locale },
      );
      await data.commit(asked.writes, [asked.event]);
      await asked.queue();
    }
    return create(SendEmailVerificationResponseSchema);
  };
}

/** The answer where nobody can be mailed. */
export const noMailbox = (userId: string) =>
  authFailure(AuthErrorReason.MAILBOX_NOT_FOUND, `no user with an address who may sign in has the id ${userId}`);
