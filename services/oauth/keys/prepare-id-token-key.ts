import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { isSigningAlg } from "../../vault/signing-key.ts";
import type { Caller } from "./key-rings.ts";
import type { SigningKeys } from "./signing-keys.ts";

/**
 * Makes the key of a client's id tokens while it is registered, where it is another than that which every tenant has: so that
 * it is in the key set before it signs.
 */
export async function prepareIdTokenKey(
  signingKeys: Pick<SigningKeys, "prepare">,
  caller: Caller,
  { idTokenSignedResponseAlg: alg }: Pick<Client, "idTokenSignedResponseAlg">,
): Promise<void> {
  if (isSigningAlg(alg) && alg !== "RS256") await signingKeys.prepare(caller, alg);
}
