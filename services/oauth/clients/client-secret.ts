import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import {
  ClientSecretSchema as StoredSecretSchema,
  type Client,
  type ClientSecret as StoredSecret,
} from "#gen/koder/oauth/store/v1/client_pb.ts";
import { ClientSecretSchema, type ClientSecret } from "#gen/koder/oauth/v1/client_secret_pb.ts";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import { oauthFailure } from "../oauth-failure.ts";
import { randomToken, ulid } from "../../vault/random.ts";
import { versionOfKeyedHash } from "../../vault/tenant-vault.ts";
import type { TenantVault, Vault } from "../../vault/vault.ts";

/** Names the keyed hash under which a client's secret is kept. */
export const clientSecretUse = "client-secret";

/** Methods of client authentication that need a secret. */
export const usesSecret = ({ tokenEndpointAuthMethod: method }: Pick<Client, "tokenEndpointAuthMethod">): boolean =>
  method === "client_secret_basic" || method === "client_secret_post";

/** A secret like those that are made here. What people think of would not be safe under a plain keyed hash. */
const likeOurs = /^kcs_[A-Za-z0-9_-]{43}$/;

/**
 * Checks a secret that came with a client's creation; none is fine. Throws CLIENT_METADATA_INVALID for one that its method of
 * authentication has no use for, or that is not like those that are made here.
 */
export function checkChosenSecret(metadata: Pick<Client, "tokenEndpointAuthMethod">, value: string): void {
  if (value === "") return;
  const description = !usesSecret(metadata)
    ? `is of no use to a client that authenticates by ${metadata.tokenEndpointAuthMethod}`
    : likeOurs.test(value)
      ? undefined
      : "must be kcs_ and 43 characters of base64url, 256 random bits";
  if (description === undefined) return;
  throw oauthFailure(OauthErrorReason.CLIENT_METADATA_INVALID, `client_secret ${description}`, {
    violations: [{ field: "client_secret", description }],
  });
}

/** A new secret of 256 random bits: its value, which is shown once, and what is kept of it. */
export function newClientSecret(
  vault: TenantVault,
  now: number,
  { value: chosen = "", expireTime }: { readonly value?: string; readonly expireTime?: Timestamp | undefined } = {},
) {
  const value = chosen || randomToken("kcs_");
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
