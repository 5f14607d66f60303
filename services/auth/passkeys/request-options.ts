import type { PublicKeyCredentialRequestOptionsJSON } from "@simplewebauthn/server";
import type { Passkey } from "#gen/koder/auth/store/v1/factor_pb.ts";
import { flowLifetime } from "../dependencies.ts";
import { passkeyDescriptor } from "./passkey-descriptor.ts";
import type { RelyingParty } from "./relying-party.ts";

/** What is asked of a passkey. */
export interface PasskeyAsked {
  readonly relyingParty: RelyingParty;
  /** In base64url. */
  readonly challenge: string;
  /** Those that will do; none: any that is found without being named, of whoever it may be (security A23). */
  readonly passkeys: readonly Passkey[];
  readonly userVerification: "required" | "preferred";
}

/** What a browser asks a passkey by, as JSON. */
export const requestOptions = ({ relyingParty, challenge, passkeys, userVerification }: PasskeyAsked): string =>
  JSON.stringify({
    rpId: relyingParty.id,
    challenge,
    allowCredentials: passkeys.map(passkeyDescriptor),
    timeout: flowLifetime,
    userVerification,
  } satisfies PublicKeyCredentialRequestOptionsJSON);

/** What any passkey that is found without being named is asked by, where it comes first: the same for everybody. */
export const firstFactorOptions = (relyingParty: RelyingParty, challenge: string): string =>
  requestOptions({ relyingParty, challenge, passkeys: [], userVerification: "required" });
