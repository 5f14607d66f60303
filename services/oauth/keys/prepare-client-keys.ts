import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { CausingCall } from "../../host/event.ts";
import { isSigningAlg } from "../../vault/signing-key.ts";
import type { SigningKeys } from "./signing-keys.ts";

/**
 * Makes the keys that sign what a client is given while it is registered, where they are others than that which every tenant
 * has: so that they are in the key set that whoever asks next is answered. Nobody has kept one with them before: a first key
 * signs at once.
 */
export async function prepareClientKeys(
  signingKeys: Pick<SigningKeys, "prepare">,
  call: CausingCall,
  client: Pick<Client, "idTokenSignedResponseAlg" | "userinfoSignedResponseAlg">,
): Promise<void> {
  for (const alg of new Set([client.idTokenSignedResponseAlg, client.userinfoSignedResponseAlg])) {
    if (isSigningAlg(alg) && alg !== "RS256") await signingKeys.prepare(call, alg);
  }
}
