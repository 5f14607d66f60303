import type { SessionSchema } from "#gen/koder/session/store/v1/session_pb.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { findBySecret } from "../../vault/find-by-secret.ts";
import type { TenantVault } from "../../vault/vault.ts";
import { sessions } from "../collections.ts";

/** Names the keyed hash under which a session's token is kept. */
export const sessionTokenUse = "session-token";

/** Finds the session of a cookie's token, under whichever version of the tenant's key hashed it. */
export async function findSessionByToken(
  data: TenantStore,
  vault: TenantVault,
  token: string,
): Promise<Stored<typeof SessionSchema> | undefined> {
  return findBySecret(vault, sessionTokenUse, token, (hash) => data.find(sessions, "token_hash", hash));
}
