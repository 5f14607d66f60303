import { create } from "@bufbuild/protobuf";
import { PasskeySchema, type Passkey } from "#gen/koder/auth/store/v1/factor_pb.ts";
import { passkeyAlgorithms } from "./algorithms.ts";
import { isFromFrame, readRegistration } from "./credential-json.ts";
import type { RelyingParty } from "./relying-party.ts";

/** A passkey as its authenticator made it. */
export interface MadePasskey {
  readonly passkey: Passkey;
  readonly signCount: number;
  readonly backedUp: boolean;
}

/** What a new passkey must answer to. */
export interface ExpectedRegistration {
  readonly relyingParty: RelyingParty;
  /** In base64url. */
  readonly challenge: string;
}

/**
 * Verifies what a browser made (WebAuthn §7.1); undefined for what is not what was asked for. We ask for no attestation, so a
 * statement that comes all the same is one of the key itself, or refused: verifying a certificate would fetch what it names.
 */
export async function verifyRegistration(
  credentialJson: string,
  { relyingParty, challenge }: ExpectedRegistration,
): Promise<MadePasskey | undefined> {
  const made = readRegistration(credentialJson);
  if (made === undefined || isFromFrame(made.response.response.clientDataJSON)) return undefined;
  // Read with the first passkey: who has none does without.
  const [{ verifyRegistrationResponse }, { decodeAttestationObject }] = await Promise.all([
    import("@simplewebauthn/server"),
    import("@simplewebauthn/server/helpers"),
  ]);
  try {
    const attestation = decodeAttestationObject(Buffer.from(made.response.response.attestationObject, "base64url"));
    const format = attestation.get("fmt");
    const isOfItself = format === "packed" && attestation.get("attStmt").get("x5c") === undefined;
    if (format !== "none" && !isOfItself) return undefined;
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: made.response,
      expectedChallenge: challenge,
      expectedOrigin: [...relyingParty.origins],
      expectedRPID: relyingParty.id,
      requireUserVerification: relyingParty.userVerification === "required",
      supportedAlgorithmIDs: [...passkeyAlgorithms],
    });
    if (!verified || registrationInfo.credential.id !== made.response.id) return undefined;
    const { credential, aaguid, userVerified, credentialDeviceType, credentialBackedUp } = registrationInfo;
    const passkey = create(PasskeySchema, {
      credentialId: Buffer.from(credential.id, "base64url"),
      publicKey: credential.publicKey,
      rpId: relyingParty.id,
      aaguid,
      transports: made.response.response.transports ?? [],
      backupEligible: credentialDeviceType === "multiDevice",
      discoverable: made.discoverable,
      userVerified,
    });
    return { passkey, signCount: credential.counter, backedUp: credentialBackedUp };
  } catch {
    // The library says what does not fit by throwing; whoever sent it is told that it does not.
    return undefined;
  }
}
