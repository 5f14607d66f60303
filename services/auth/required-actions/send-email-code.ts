import { MailKind } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import { OtpChannel } from "#gen/koder/auth/v1/factor_pb.ts";
import { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { MailboxService } from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import { inWindow } from "../../host/windowed-attempts.ts";
import { accountKeyOf } from "../account-key.ts";
import { tooMany } from "../attempts.ts";
import { authFailure } from "../auth-failure.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { checkStillGood } from "../flows/check-still-good.ts";
import { openFlow, remoteAddressOf, type FlowReference } from "../flows/open-flow.ts";
import { maskedDestination } from "../otp/destination.ts";
import { challengeOfEmail } from "../otp/otp-challenge.ts";
import { sendCode } from "../otp/send-code.ts";

const hour = 60 * 60_000;

/**
 * Mails the code by which the person of a flow verifies their address, to the one that their account has. Only who has none says
 * one; which it was is committed with the code, so that a code that went to one address proves nothing of another (security A16).
 * Whether somebody else has it comes to light for whoever reads it. One mailbox is sent no more than one person is, whoever names it.
 */
export async function sendEmailCodeOfFlow(
  dependencies: AuthDependencies,
  call: Call,
  asked: FlowReference & { readonly email: string },
): Promise<{ readonly destination: string; readonly expires: number }> {
  const { store, vault, peers, otp, clock } = dependencies;
  const data = store.tenant(call.tenantId);
  const tenantVault = await vault.tenant(call.tenantId);
  const { record: flow } = await openFlow(data, tenantVault, asked, FlowStep.VERIFY_EMAIL);
  await checkStillGood(dependencies, call, flow);
  const { userId } = flow;
  const mailbox = await peers.client(MailboxService).getMailbox({ userId }, forward(call));
  const to = mailbox.email || asked.email;
  if (to === "") throw emailNeeded();
  const [sent, forgotten] = inWindow(`email-code/mailbox/${accountKeyOf(tenantVault, "", to)}`, hour, clock());
  if ((await data.add(sent, 1, forgotten)) > otp.mailsPerUser) throw tooMany(hour);
  const expires = await sendCode(dependencies, call, {
    challengeId: challengeOfEmail(flow),
    userId,
    channel: OtpChannel.EMAIL,
    to,
    locale: mailbox.locale,
    remoteAddress: remoteAddressOf(call, asked),
    kind: MailKind.EMAIL_VERIFICATION_CODE,
    verifies: to,
  });
  return { destination: maskedDestination(to), expires };
}

const emailNeeded = () =>
  authFailure(
    AuthErrorReason.EMAIL_NEEDED,
    "email: the account has no address of mail; say which one its person reads",
    {
      violations: [{ field: "email", description: "must be an address that the person reads" }],
    },
  );
