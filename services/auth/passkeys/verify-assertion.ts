import type { AuthenticationResponseJSON } from "@simplewebauthn/server";
import type { Passkey } from "#gen/koder/auth/store/v1/factor_pb.ts";
import { isFromFrame } from "./credential-json.ts";
import type { RelyingParty } from "./relying-party.ts";

/** What a passkey must answer to. */
export interface ExpectedAssertion {
  readonly passkey: Passkey;
  /** Whose it is. */
  readonly userId: string;
  readonly relyingParty: RelyingParty;
  /** In base64url. */
  readonly challenge: string;
  readonly requireUserVerification: boolean;
  /** Whether it must say whose it is: nobody was named before (WebAuthn §7.2). */
  readonly requireUserHandle: boolean;
}

/** What a passkey said when it signed. */
export interface ShownPasskey {
  readonly signCount: number;
  readonly backedUp: boolean;
}

/** Verifies what a passkey signed (WebAuthn §7.2), its counter apart; undefined for what is not what was asked for. */
export async function verifyAssertion(
  response: AuthenticationResponseJSON,
  { passkey, userId, relyingParty, challenge, requireUserVerification, requireUserHandle }: ExpectedAssertion,
): Promise<ShownPasskey | undefined> {
  const { userHandle, clientDataJSON } = response.response;
  if (isFromFrame(clientDataJSON) || passkey.rpId !== relyingParty.id) return undefined;
  if (userHandle === undefined ? requireUserHandle : Buffer.from(userHandle, "base64url").toString() !== userId) {
    return undefined;
  }
  // Read with the first passkey: who has none does without.
  const { verifyAuthenticationResponse } = await import("@simplewebauthn/server");
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: [...relyingParty.origins],
      expectedRPID: relyingParty.id,
      requireUserVerification,
      // Whether the counter went back is for the caller, who keeps it and tells of it.
      credential: {
        id: response.id,
        publicKey: new Uint8Array(passkey.publicKey),
        counter: 0,
      },
    });
    // Whether it may be copied never changes (WebAuthn §6.1.3): amr says it.
    const isBackupEligible = authenticationInfo.credentialDeviceType === "multiDevice";
    if (!verified || isBackupEligible !== passkey.backupEligible) return undefined;
    return { signCount: authenticationInfo.newCounter, backedUp: authenticationInfo.credentialBackedUp };
  } catch {
    // The library says what does not fit by throwing; whoever sent it is told that it does not.
    return undefined;
  }
}
