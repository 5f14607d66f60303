import type { Session, SessionSchema } from "#gen/koder/session/store/v1/session_pb.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import type { TenantVault } from "../../vault/vault.ts";
import { readTokens } from "./browser-tokens.ts";
import { liveSession } from "./live-session.ts";
import { findSessionByToken } from "./session-token.ts";

/** A session that a browser has a token for. */
export interface SessionOfBrowser {
  readonly token: string;
  readonly stored: Stored<typeof SessionSchema>;
  /** Undefined when its time has come, or its user was voided since it began. */
  readonly live: Session | undefined;
}

/** The sessions of a browser that are still kept, the active one first. */
export async function sessionsOfBrowser(
  data: TenantStore,
  vault: TenantVault,
  sessionToken: string,
  now: number,
): Promise<readonly SessionOfBrowser[]> {
  const found = await Promise.all(
    readTokens(sessionToken).map(async (token) => {
      const stored = await findSessionByToken(data, vault, token);
      return stored === undefined ? undefined : { token, stored, live: await liveSession(data, stored, now) };
    }),
  );
  return found.filter((session) => session !== undefined);
}
