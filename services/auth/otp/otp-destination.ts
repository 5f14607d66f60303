import { OtpChannel } from "#gen/koder/auth/v1/factor_pb.ts";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import { MailboxService } from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import { authFailure } from "../auth-failure.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { noMailbox } from "../email/send-email-verification.ts";

/**
 * Where a person is sent a code, and in which language. Mail goes to the address that they have now, if it is verified: to one that
 * was only typed a code would prove nothing. Throws MAILBOX_NOT_FOUND or SMS_NOT_AVAILABLE.
 */
export async function otpDestination(
  { peers, smsAvailable }: Pick<AuthDependencies, "peers" | "smsAvailable">,
  call: Call,
  userId: string,
  channel: OtpChannel,
  phoneNumber: string,
): Promise<{ readonly to: string; readonly locale: string }> {
  const { email, emailVerified, locale } = await peers.client(MailboxService).getMailbox({ userId }, forward(call));
  if (channel === OtpChannel.SMS) {
    if (!smsAvailable) throw authFailure(AuthErrorReason.SMS_NOT_AVAILABLE, "this instance sends no SMS");
    return { to: phoneNumber, locale };
  }
  if (!emailVerified) throw noMailbox(userId);
  return { to: email, locale };
}
