import type { ClientSchema as StoredClientSchema } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { Call } from "../../host/call.ts";
import type { Stored } from "../../store/store.ts";
import { versionOfKeyedHash } from "../../vault/tenant-vault.ts";
import { clients } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";

/** Names the keyed hash under which a registration access token is kept. */
export const registrationTokenUse = "registration-access-token";

/** A client id, as one can stand in a path. */
const idForm = /^[A-Za-z0-9._~-]{1,100}$/;

/**
 * The client that a registration access token belongs to, read from the store. No client, one that is deleted or disabled, one
 * that did not register itself and a wrong token are refused alike (RFC 7592 §2). Throws OAuthRefusal.
 */
export async function registeredClient(
  { store, vault }: Pick<OauthDependencies, "store" | "vault">,
  call: Call,
  { clientId, bearerToken }: { readonly clientId: string; readonly bearerToken: string },
): Promise<Stored<typeof StoredClientSchema>> {
  const refused = () =>
    new OAuthRefusal("invalid_token", "the registration access token is missing or not this client's");
  if (bearerToken === "" || !idForm.test(clientId)) throw refused();
  const stored = await store.tenant(call.tenantId).get(clients, clientId);
  if (stored === undefined || stored.record.deleteTime || stored.record.disabled) throw refused();
  const { registrationTokenHash: hash } = stored.record;
  if (hash === "") throw refused();
  const tenantVault = await vault.tenant(call.tenantId, versionOfKeyedHash(hash));
  if (!tenantVault.verifyKeyedHash(registrationTokenUse, hash, bearerToken)) throw refused();
  return stored;
}
