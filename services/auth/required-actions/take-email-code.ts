import { Code, ConnectError } from "@connectrpc/connect";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import { OtpChannel } from "#gen/koder/auth/v1/factor_pb.ts";
import { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { MailboxService } from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import { Conflict } from "../../store/store.ts";
import { remove } from "../../store/writes.ts";
import { countAttempt } from "../attempts.ts";
import { authFailure } from "../auth-failure.ts";
import { otpChallenges } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { knownDeviceId } from "../devices/known-device.ts";
import { checkStillGood } from "../flows/check-still-good.ts";
import { goOn, type GoneOn } from "../flows/go-on.ts";
import { openFlow, remoteAddressOf, stepNotExpected } from "../flows/open-flow.ts";
import type { GivenCode } from "../flows/second-factor.ts";
import { challengeOfEmail, rightChallenge } from "../otp/otp-challenge.ts";
import { attemptsOfTenant } from "../policy/attempts-of-tenant.ts";

/**
 * Verifies the address of a flow's person by the code that was mailed to it, and goes on. The attempt is counted before the code is
 * looked at, in a row of its own beside the tries at each code: whoever would claim a mailbox that they do not read must wait longer
 * each time (security A7, A16). The address is verified first, which is the same when repeated; then the code is used up in
 * the commit that moves the flow on. After a crash in between the same code does what was done, and goes on.
 */
export async function takeEmailCode(dependencies: AuthDependencies, call: Call, given: GivenCode): Promise<GoneOn> {
  const { store, vault, clock } = dependencies;
  const data = store.tenant(call.tenantId);
  const tenantVault = await vault.tenant(call.tenantId);
  const stored = await openFlow(data, tenantVault, given, FlowStep.VERIFY_EMAIL);
  await checkStillGood(dependencies, call, stored.record);
  const { userId, userEpoch } = stored.record;
  const attempt = await countAttempt(data, await attemptsOfTenant(dependencies, call), clock, {
    accountKey: `${userId}/email-code`,
    userEpoch,
    remoteAddress: remoteAddressOf(call, given),
    knownDevice: await knownDeviceId(data, tenantVault, userId, given.browser),
  });
  const challengeId = challengeOfEmail(stored.record);
  const challenge = await rightChallenge(dependencies, call, challengeId, OtpChannel.EMAIL, given.code);
  if (challenge === undefined || !(await isVerified(dependencies, call, userId, challenge.record.email))) {
    throw authFailure(AuthErrorReason.CODE_MISMATCH, "code: is not the one that was mailed last, or is too old");
  }
  try {
    const gone = await goOn(dependencies, call, stored, {}, given, {
      writes: [remove(otpChallenges, challenge)],
      events: [],
    });
    await attempt.succeeded();
    return gone;
  } catch (error) {
    // The code was given, or another one sent, at this moment.
    throw error instanceof Conflict ? stepNotExpected() : error;
  }
}

/**
 * Verifies the address, or gives it to a person who had none. Whether it did: an account that has another address by now is not
 * verified by it. Rejects with EMAIL_TAKEN where it is somebody else's.
 */
async function isVerified(
  { peers }: Pick<AuthDependencies, "peers">,
  call: Call,
  userId: string,
  email: string,
): Promise<boolean> {
  const mailboxes = peers.client(MailboxService);
  const options = forward(call);
  try {
    const { email: current } = await mailboxes.getMailbox({ userId }, options);
    if (current === "") await mailboxes.changeEmail({ userId, oldEmail: "", newEmail: email }, options);
    else await mailboxes.verifyEmail({ userId, email }, options);
    return true;
  } catch (error) {
    if (error instanceof ConnectError && error.code === Code.NotFound) return false;
    throw error;
  }
}
