import { foreignAlgs } from "../vault/foreign-key.ts";

/** What `WWW-Authenticate` says to whoever needs a credential (RFC 9110 §11.6.1, RFC 6750 §3). */
export const bearerChallenge = 'Bearer realm="koder-id"';

/** The same to whoever sent one by the scheme DPoP (RFC 9449 §7.1). */
export const dpopChallenge = `DPoP realm="koder-id", algs="${[...foreignAlgs.keys()].join(" ")}"`;

/** That of the scheme by which a credential came. */
export const challengeOf = (authorization: string): string =>
  /^DPoP /i.test(authorization) ? dpopChallenge : bearerChallenge;
