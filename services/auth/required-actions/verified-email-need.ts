import { MailboxService } from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import type { SignInRules } from "../policy/effective-policy.ts";

/**
 * Whether a person must verify their address before they go on. The one place where that is decided, for new sign-ins and for
 * sessions of before (security A15). Where the policy asks for nothing, nothing is read.
 */
export async function isVerifiedEmailMissing(
  { peers }: Pick<AuthDependencies, "peers">,
  call: Call,
  userId: string,
  { verifiedEmail }: SignInRules,
): Promise<boolean> {
  return verifiedEmail && !(await peers.client(MailboxService).getMailbox({ userId }, forward(call))).emailVerified;
}
