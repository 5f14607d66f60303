import { MailboxProofUse, type MailboxProof } from "#gen/koder/auth/store/v1/mailbox_proof_pb.ts";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import type { Call } from "../../host/call.ts";
import { authFailure } from "../auth-failure.ts";
import type { AuthDependencies } from "../dependencies.ts";

/** Whether the tenant lets people open accounts: asked when a link is wanted, and again when it is used. */
export async function checkSignUpAllowed({ policies }: Pick<AuthDependencies, "policies">, call: Call): Promise<void> {
  if ((await policies.get(call)).signUpAllowed) return;
  throw authFailure(AuthErrorReason.SIGN_UP_NOT_ALLOWED, "people do not open accounts by themselves here");
}

/** The same of a link that is used: whoever was invited needs no leave. */
export async function checkMayOpen(
  dependencies: Pick<AuthDependencies, "policies">,
  call: Call,
  { use }: Pick<MailboxProof, "use">,
): Promise<void> {
  if (use !== MailboxProofUse.INVITATION) await checkSignUpAllowed(dependencies, call);
}
