import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { OtpChallengeSchema } from "#gen/koder/auth/store/v1/otp_pb.ts";
import type { OtpChannel } from "#gen/koder/auth/v1/factor_pb.ts";
import type { Call } from "../../host/call.ts";
import type { Stored, Write } from "../../store/store.ts";
import { remove } from "../../store/writes.ts";
import { otpChallenges } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { typedCode } from "../typed-code.ts";

/** Names the keyed hash of a code. It is of what the code is for as well: the same six digits elsewhere are another hash. */
export const otpUse = "one-time-code";

/** What is hashed of a code. */
export const hashedCode = (challengeId: string, code: string): string => `${challengeId}/${code}`;

/** What a code is for: a flow, a factor to be, or the address of a flow's person. */
export const challengeOfFlow = ({ idHash }: { readonly idHash: string }): string => `flow/${idHash}`;
export const challengeOfEnrolment = (id: string): string => `enrolment/${id}`;
export const challengeOfEmail = ({ idHash }: { readonly idHash: string }): string => `email/${idHash}`;

/** A code as it is kept. */
export const newChallenge = (challenge: {
  readonly id: string;
  readonly sendId: string;
  readonly codeHash: string;
  readonly channel: OtpChannel;
  /** Whom it is sent to. */
  readonly userId: string;
  /** The address that giving it verifies; empty for one that is a factor. */
  readonly email: string;
  readonly expires: number;
}) => {
  const { expires, ...kept } = challenge;
  return create(OtpChallengeSchema, { ...kept, expireTime: timestampFromMs(expires) });
};

type Needs = Pick<AuthDependencies, "store" | "vault" | "otp" | "clock">;

/** What accepting a code uses up; undefined for one that is not right. */
export async function useUpCode(
  dependencies: Needs,
  call: Call,
  challengeId: string,
  channel: OtpChannel,
  typed: string,
): Promise<Write | undefined> {
  const challenge = await rightChallenge(dependencies, call, challengeId, channel, typed);
  return challenge === undefined ? undefined : remove(otpChallenges, challenge);
}

/**
 * The challenge that a code answers; undefined for a wrong one, one that came by another channel, or one that was guessed at too
 * often. The guess is counted before it is looked at, atomically, so that a hundred at once are a hundred (security A7).
 */
export async function rightChallenge(
  { store, vault, otp, clock }: Needs,
  call: Call,
  challengeId: string,
  channel: OtpChannel,
  typed: string,
): Promise<Stored<typeof OtpChallengeSchema> | undefined> {
  const data = store.tenant(call.tenantId);
  const stored = await data.get(otpChallenges, challengeId);
  if (stored?.record.channel !== channel) return undefined;
  const { sendId, codeHash } = stored.record;
  const tries = await data.add(`otp/tries/${sendId}`, 1, clock() + 2 * otp.lifetime);
  if (tries > otp.tries) return undefined;
  const code = typedCode(typed);
  const isRight = (await vault.tenant(call.tenantId)).verifyKeyedHash(otpUse, codeHash, hashedCode(challengeId, code));
  return isRight ? stored : undefined;
}
