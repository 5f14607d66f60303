import type { Call } from "../../host/call.ts";
import { JwtRefused, verifyJwt } from "../../vault/verify-jwt.ts";
import type { OauthDependencies } from "../dependencies.ts";

/** What an id token of ours says of a person and a session. */
export interface IdTokenHint {
  readonly clientId: string;
  readonly subject: string;
  /** What the session is to the client; empty where the token does not say. */
  readonly sid: string;
}

/**
 * Reads an id token that a client brings back as a hint: signed by a key of ours for this tenant, expired or not (OpenID
 * Connect Core §3.1.2.1, RP-Initiated Logout §4). Undefined for anything else, an access token among it: its `typ` differs.
 */
export async function readIdTokenHint(
  { tenants, signingKeys, clock }: Pick<OauthDependencies, "tenants" | "signingKeys" | "clock">,
  call: Call,
  token: string,
): Promise<IdTokenHint | undefined> {
  const { canonicalOrigin: issuer } = await tenants.get(call);
  const expected = { typ: "JWT", issuer, now: clock(), expired: "accepted" } as const;
  try {
    const { aud, sub, sid } = await signingKeys.verify(call, (keys) => verifyJwt(token, keys, expected));
    if (typeof aud !== "string" || typeof sub !== "string") return undefined;
    return { clientId: aud, subject: sub, sid: typeof sid === "string" ? sid : "" };
  } catch (error) {
    if (error instanceof JwtRefused) return undefined;
    throw error;
  }
}
