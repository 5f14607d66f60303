import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { PendingLogoutSchema, type PendingLogout } from "#gen/koder/oauth/store/v1/pending_logout_pb.ts";
import type { Call } from "../../host/call.ts";
import { insert } from "../../store/writes.ts";
import { findBySecret } from "../../vault/find-by-secret.ts";
import { randomToken } from "../../vault/random.ts";
import { pendingLogouts } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import type { LogoutRequest } from "./read-logout-request.ts";

const idUse = "logout-id";
const browserUse = "logout-browser";

type Needs = Pick<OauthDependencies, "store" | "vault" | "clock" | "lifetimes">;

/**
 * Keeps what is proven of a request until its person has said yes, bound to the browser that brought it (security A26).
 * Answers its secret id, of which only the keyed hash is kept.
 */
export async function storeLogout(
  { store, vault, clock, lifetimes }: Needs,
  call: Call,
  { client, back, fault }: LogoutRequest,
  browserToken: string,
): Promise<string> {
  const tenantVault = await vault.tenant(call.tenantId);
  const id = randomToken("", 16);
  const record = create(PendingLogoutSchema, {
    idHash: tenantVault.keyedHash(idUse, id),
    browserHash: tenantVault.keyedHash(browserUse, browserToken),
    clientId: client?.clientId ?? "",
    postLogoutRedirectUri: back?.postLogoutRedirectUri ?? "",
    state: back?.state ?? "",
    fault,
    expireTime: timestampFromMs(clock() + lifetimes.authorization),
  });
  await store.tenant(call.tenantId).commit([insert(pendingLogouts, record)], []);
  return id;
}

/** The request of an id, if this browser brought it. */
export async function pendingLogout(
  { store, vault }: Pick<Needs, "store" | "vault">,
  call: Call,
  id: string,
  browserToken: string,
): Promise<PendingLogout | undefined> {
  const tenantVault = await vault.tenant(call.tenantId);
  const data = store.tenant(call.tenantId);
  const stored = await findBySecret(tenantVault, idUse, id, (hash) => data.get(pendingLogouts, hash));
  if (stored !== undefined && tenantVault.verifyKeyedHash(browserUse, stored.record.browserHash, browserToken)) {
    return stored.record;
  }
  return undefined;
}
