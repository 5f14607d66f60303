import type { PublicKeyCredentialCreationOptionsJSON } from "@simplewebauthn/server";
import type { Passkey } from "#gen/koder/auth/store/v1/factor_pb.ts";
import { passkeyAlgorithms } from "./algorithms.ts";
import { passkeyDescriptor } from "./passkey-descriptor.ts";
import type { RelyingParty } from "./relying-party.ts";

/** A passkey to be. */
export interface PasskeyToBe {
  readonly relyingParty: RelyingParty;
  /** What the relying party is called, shown by the authenticator. */
  readonly relyingPartyName: string;
  readonly userId: string;
  /** What the person signs in with, shown by their authenticator. */
  readonly userName: string;
  /** In base64url. */
  readonly challenge: string;
  /** The person's passkeys, so that no authenticator makes a second one. */
  readonly present: readonly Passkey[];
  /** How long the browser waits for the person, in milliseconds. */
  readonly timeout: number;
}

/**
 * What a browser makes a passkey by. It is one that signs in by itself where the authenticator can, and a second factor where
 * it cannot. Nobody is asked which authenticator they have: what it says of itself would only be proven by following them.
 */
export function creationOptions({
  relyingParty,
  relyingPartyName,
  userId,
  userName,
  challenge,
  present,
  timeout,
}: PasskeyToBe): PublicKeyCredentialCreationOptionsJSON {
  return {
    rp: { id: relyingParty.id, name: relyingPartyName },
    user: { id: Buffer.from(userId).toString("base64url"), name: userName, displayName: userName },
    challenge,
    pubKeyCredParams: passkeyAlgorithms.map((alg) => ({ type: "public-key", alg })),
    timeout,
    attestation: "none",
    excludeCredentials: present.filter(({ rpId }) => rpId === relyingParty.id).map(passkeyDescriptor),
    authenticatorSelection: {
      residentKey: "preferred",
      requireResidentKey: false,
      userVerification: relyingParty.userVerification,
    },
    extensions: { credProps: true },
  };
}
