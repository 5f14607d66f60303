import type { MailKind } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { OtpChannel } from "#gen/koder/auth/v1/factor_pb.ts";
import type { Call } from "../../host/call.ts";
import { countAttemptInWindow, inWindow } from "../../host/windowed-attempts.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { TenantStore, Write } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import { randomDigits, ulid } from "../../vault/random.ts";
import { tooMany } from "../attempts.ts";
import { otpChallenges } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { hashedCode, newChallenge, otpUse } from "./otp-challenge.ts";
import { channelParts } from "./otp-channels.ts";
import type { OtpLimits } from "./otp-limits.ts";

const hour = 60 * 60_000;

/** A code that is to be sent. */
export interface CodeToSend {
  readonly challengeId: string;
  readonly userId: string;
  readonly channel: OtpChannel;
  /** Address of mail, or telephone. */
  readonly to: string;
  readonly locale: string;
  readonly remoteAddress: string;
  /** What the message is for, where the code is no factor. */
  readonly kind?: MailKind;
  /** The address that giving it verifies, where it is no factor. */
  readonly verifies?: string;
}

/**
 * Sends a code in the place of the one before, and answers until when it is good (ms). `beside` is committed with it. How often a person is sent one is
 * limited, and how often anybody of an address or a tenant is: each is somebody's mailbox, or somebody's money. Throws
 * TOO_MANY_ATTEMPTS.
 */
export async function sendCode(
  { store, vault, mailer, otp, clock }: Pick<AuthDependencies, "store" | "vault" | "mailer" | "otp" | "clock">,
  call: Call,
  asked: CodeToSend,
  beside: readonly Write[] = [],
): Promise<number> {
  const data = store.tenant(call.tenantId);
  await countSent(data, otp, clock(), asked);
  const { challengeId, userId, channel, to, locale, kind = channelParts(channel).kind, verifies: email = "" } = asked;
  const [tenantVault, before] = await Promise.all([vault.tenant(call.tenantId), data.get(otpChallenges, challengeId)]);
  const now = clock();
  const expires = now + otp.lifetime;
  const code = randomDigits(6);
  const record = newChallenge({
    id: challengeId,
    sendId: ulid(now),
    codeHash: tenantVault.keyedHash(otpUse, hashedCode(challengeId, code)),
    channel,
    userId,
    email,
    expires,
  });
  const tenant = { tenantId: call.tenantId, vault: tenantVault };
  const mail = mailer.prepare(tenant, kind, { to, locale, code }, expires);
  const write = before === undefined ? insert(otpChallenges, record) : replace(otpChallenges, record, before.version);
  // Another one was sent at this moment.
  if (!(await commitUnlessChanged(data, [write, mail.write, ...beside]))) throw tooMany(otp.pause);
  await mail.queue();
  return expires;
}

async function countSent(
  data: TenantStore,
  limits: OtpLimits,
  now: number,
  { challengeId, userId, channel, remoteAddress }: CodeToSend,
): Promise<void> {
  if ((await data.add(`otp/pause/${challengeId}/${channel}`, 1, now + limits.pause)) > 1) throw tooMany(limits.pause);
  const perUser = channel === OtpChannel.SMS ? limits.messagesPerUser : limits.mailsPerUser;
  const [ofUser, forgotten] = inWindow(`otp/sent/${channel}/${userId}`, hour, now);
  const [sent, windowed] = await Promise.all([
    data.add(ofUser, 1, forgotten),
    countAttemptInWindow(data, `otp/${channel}`, limits, now, remoteAddress),
  ]);
  if (sent > perUser) throw tooMany(hour);
  if (windowed.isTooMany) throw tooMany(limits.window);
}
