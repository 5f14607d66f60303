import { create } from "@bufbuild/protobuf";
import type {
  Factor as StoredFactor,
  FactorUse,
  Passkey as StoredPasskey,
} from "#gen/koder/auth/store/v1/factor_pb.ts";
import { FactorSchema, FactorType, PasskeySchema, type Factor, type Passkey } from "#gen/koder/auth/v1/factor_pb.ts";
import { maskedDestination } from "../otp/destination.ts";
import { authenticatorName } from "../passkeys/known-authenticators.ts";

const types = {
  totp: FactorType.TOTP,
  passkey: FactorType.PASSKEY,
  emailOtp: FactorType.EMAIL_OTP,
  smsOtp: FactorType.SMS_OTP,
} as const;

/** What a stored factor is. */
export const typeOf = ({ kind }: StoredFactor): FactorType =>
  kind.case === undefined ? FactorType.UNSPECIFIED : types[kind.case];

/** A factor as its person sees it. */
export function factorMessage(stored: StoredFactor, use: FactorUse | undefined): Factor {
  return create(FactorSchema, {
    id: stored.id,
    type: typeOf(stored),
    displayName: stored.displayName,
    destination: stored.kind.case === "smsOtp" ? maskedDestination(stored.kind.value.phoneNumber) : "",
    ...(stored.createTime ? { createTime: stored.createTime } : {}),
    ...(use?.lastUseTime ? { lastUseTime: use.lastUseTime } : {}),
    ...(stored.kind.case === "passkey" ? { passkey: passkeyMessage(stored.kind.value, use) } : {}),
  });
}

/** A passkey as its person sees it: neither its key nor what its authenticator knows it by. */
const passkeyMessage = (stored: StoredPasskey, use: FactorUse | undefined): Passkey =>
  create(PasskeySchema, {
    aaguid: stored.aaguid,
    authenticator: authenticatorName(stored.aaguid),
    discoverable: stored.discoverable,
    userVerified: stored.userVerified,
    backupEligible: stored.backupEligible,
    backedUp: use?.backedUp ?? false,
    transports: stored.transports,
    relyingParty: stored.rpId,
    ...(stored.counterFellTime ? { counterFellTime: stored.counterFellTime } : {}),
  });
