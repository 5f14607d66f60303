import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import {
  ClientSecretSchema as StoredSecretSchema,
  type Client,
  type ClientSecret as StoredSecret,
} from "#gen/koder/oauth/store/v1/client_pb.ts";
import { ClientSecretSchema, type ClientSecret } from "#gen/koder/oauth/v1/client_secret_pb.ts";
import { randomToken, ulid } from "../../vault/random.ts";
import { versionOfKeyedHash } from "../../vault/tenant-vault.ts";
import type { TenantVault, Vault } from "../../vault/vault.ts";

/** Names the keyed hash under which a client's secret is kept. */
export const clientSecretUse = "client-secret";

/** Methods of client authentication that need a secret. */
export const usesSecret = ({ tokenEndpointAuthMethod: method }: Pick<Client, "tokenEndpointAuthMethod">): boolean =>
  method === "client_secret_basic" || method === "client_secret_post";

/** A new secret of 256 random bits: its value, which is shown once, and what is kept of it. */
export function newClientSecret(vault: TenantVault, now: number, expireTime?: Timestamp) {
  const value = randomToken("kcs_");
  const kept = create(StoredSecretSchema, {
    id: ulid(now),
    hash: vault.keyedHash(clientSecretUse, value),
    createTime: timestampFromMs(now),
    ...(expireTime === undefined ? {} : { expireTime }),
  });
  return { value, kept };
}

/** Those of a client's secrets that are not expired at `now` (ms). */
export const liveSecrets = (client: Pick<Client, "secrets">, now: number): StoredSecret[] =>
  client.secrets.filter(({ expireTime }) => expireTime === undefined || now < timestampMs(expireTime));

/** Whether a secret is one of the client's that are good at `now` (ms), in constant time for each. */
export async function isClientSecret(
  { vault, clock }: { readonly vault: Vault; readonly clock: () => number },
  call: { readonly tenantId: string },
  client: Client,
  secret: string,
): Promise<boolean> {
  const hashes = liveSecrets(client, clock()).map(({ hash }) => hash);
  const tenantVault = await vault.tenant(call.tenantId, newestVersion(hashes));
  // Every hash is compared, so that the time does not say which one fits.
  return hashes.filter((hash) => tenantVault.verifyKeyedHash(clientSecretUse, hash, secret)).length > 0;
}

/** The newest version of the tenant's key that made one of these hashes. */
const newestVersion = (hashes: readonly string[]): number | undefined =>
  hashes.map(versionOfKeyedHash).reduce((a, b) => (a === undefined || (b !== undefined && b > a) ? b : a), undefined);

/** A secret as others see it: never with its value, but for the one answer that `value` is given for. */
export function clientSecretMessage({ id, createTime, expireTime }: StoredSecret, value = ""): ClientSecret {
  return create(ClientSecretSchema, {
    id,
    clientSecret: value,
    ...(createTime ? { createTime } : {}),
    ...(expireTime ? { expireTime } : {}),
  });
}
