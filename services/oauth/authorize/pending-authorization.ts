import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AuthorizationSchema, type Authorization } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import type { Call } from "../../host/call.ts";
import type { Stored } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { findBySecret } from "../../vault/find-by-secret.ts";
import { randomToken } from "../../vault/random.ts";
import { authorizations } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { oauthFailure } from "../oauth-failure.ts";

const idUse = "authorization-id";
const browserUse = "authorization-browser";

type Needs = Pick<OauthDependencies, "store" | "vault" | "clock" | "lifetimes">;

/**
 * Keeps a request until its person has done what is left to do, bound to the browser that brought it (security A2, A26).
 * Answers its secret id, of which only the keyed hash is kept.
 */
export async function storeAuthorization(
  { store, vault, clock, lifetimes }: Needs,
  call: Call,
  authorization: Authorization,
  browserToken: string,
): Promise<string> {
  const tenantVault = await vault.tenant(call.tenantId);
  const id = randomToken("", 16);
  const record = create(AuthorizationSchema, {
    ...authorization,
    idHash: tenantVault.keyedHash(idUse, id),
    browserHash: tenantVault.keyedHash(browserUse, browserToken),
    expireTime: timestampFromMs(clock() + lifetimes.authorization),
  });
  await store.tenant(call.tenantId).commit([insert(authorizations, record)], []);
  return id;
}

/** The pending authorization of an id, if this browser brought it. Throws AUTHORIZATION_NOT_FOUND otherwise. */
export async function pendingAuthorization(
  { store, vault }: Pick<Needs, "store" | "vault">,
  call: Call,
  id: string,
  browserToken: string,
): Promise<Stored<typeof AuthorizationSchema>> {
  const tenantVault = await vault.tenant(call.tenantId);
  const data = store.tenant(call.tenantId);
  const stored = await findBySecret(tenantVault, idUse, id, (hash) => data.get(authorizations, hash));
  if (stored !== undefined && tenantVault.verifyKeyedHash(browserUse, stored.record.browserHash, browserToken)) {
    return stored;
  }
  throw authorizationGone();
}

/** Nothing waits any more, or not for this browser. */
export const authorizationGone = () =>
  oauthFailure(
    OauthErrorReason.AUTHORIZATION_NOT_FOUND,
    "this sign-in has expired, is over or was begun in another browser; go back to the application and start again",
  );
