import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { ClientAuthentication } from "#gen/koder/oauth/v1/token_internal_pb.ts";
import type { Call } from "../../host/call.ts";
import { isClientSecret } from "../clients/client-secret.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { versionOfKeyedHash } from "../../vault/tenant-vault.ts";
import { OAuthRefusal } from "../oauth-error.ts";

/** An answer that does not say whether the client is unknown, uses another method, or has another secret. */
const refused = () => new OAuthRefusal("invalid_client", "client authentication failed");

/**
 * Authenticates the client of a token request (RFC 6749 §2.3, §3.2.1): exactly one method, the one that it registered.
 * A bare client_id beside a method that names the same client says nothing new and is allowed.
 */
export async function authenticateClient(
  { clients, vault }: Pick<OauthDependencies, "clients" | "vault">,
  call: Call,
  authentications: readonly ClientAuthentication[],
): Promise<Client> {
  const authentication = onlyOne(authentications);
  const client = await clients.get(call, authentication.clientId);
  if (client === undefined || client.tokenEndpointAuthMethod !== authentication.method) throw refused();
  if (authentication.method === "none") return client;
  const tenantVault = await vault.tenant(call.tenantId, newestVersion(client.secretHashes));
  if (!isClientSecret(tenantVault, client, authentication.clientSecret)) throw refused();
  return client;
}

function onlyOne(authentications: readonly ClientAuthentication[]): ClientAuthentication {
  const proofs = authentications.filter(({ method }) => method !== "none");
  if (proofs.length > 1) throw new OAuthRefusal("invalid_request", "more than one client authentication was sent");
  const chosen = proofs[0] ?? authentications[0];
  if (chosen === undefined || chosen.clientId === "") {
    throw new OAuthRefusal("invalid_client", "client authentication is missing");
  }
  if (authentications.some(({ clientId }) => clientId !== chosen.clientId)) {
    throw new OAuthRefusal("invalid_request", "client_id differs from the client that authenticated");
  }
  return chosen;
}

/** The newest version of the tenant's key that made one of these hashes. */
const newestVersion = (hashes: readonly string[]): number | undefined =>
  hashes.map(versionOfKeyedHash).reduce((a, b) => (a === undefined || (b !== undefined && b > a) ? b : a), undefined);
