import type { Call } from "../../host/call.ts";
import { JwtRefused, parseJwtPart, splitJwt, verifyJwt } from "../../vault/verify-jwt.ts";
import type { OauthDependencies } from "../dependencies.ts";

/** Whether a key id is one as ours are (RFC 7638): others are not looked for. */
const isThumbprint = (kid: string): boolean => /^[\w-]{43}$/.test(kid);

/** What an id token of ours says of a person and a session. */
export interface IdTokenHint {
  readonly clientId: string;
  readonly subject: string;
  /** What the session is to the client; empty where the token does not say. */
  readonly sid: string;
}

/**
 * Reads an id token that a client brings back as a hint: signed by a key of ours for this tenant, expired or not, and whether
 * the key is published still or not (OpenID Connect Core §3.1.2.1, RP-Initiated Logout §4). Undefined for anything else, an
 * access token among it: its `typ` differs.
 */
export async function readIdTokenHint(
  { tenants, signingKeys, clock }: Pick<OauthDependencies, "tenants" | "signingKeys" | "clock">,
  call: Call,
  token: string,
): Promise<IdTokenHint | undefined> {
  const { canonicalOrigin: issuer } = await tenants.get(call);
  const expected = { typ: "JWT", issuer, now: clock(), expired: "accepted" } as const;
  try {
    const { aud, sub, sid } = await signingKeys
      .verify(call, (keys) => verifyJwt(token, keys, expected))
      .catch(async (error: unknown) => {
        if (!(error instanceof JwtRefused) || error.fault !== "unknown_key") throw error;
        const { kid } = parseJwtPart(splitJwt(token).header);
        const past = typeof kid === "string" && isThumbprint(kid) ? await signingKeys.past(call, kid) : undefined;
        return verifyJwt(token, past === undefined ? [] : [past], expected);
      });
    if (typeof aud !== "string" || typeof sub !== "string") return undefined;
    return { clientId: aud, subject: sub, sid: typeof sid === "string" ? sid : "" };
  } catch (error) {
    if (error instanceof JwtRefused) return undefined;
    throw error;
  }
}
