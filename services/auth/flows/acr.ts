/**
 * The authentication context classes that a sign-in can reach: one factor, or two. They are told from the methods that
 * succeeded and from nothing else (security A6).
 */
export const acr = { oneFactor: "urn:koder:acr:1fa", severalFactors: "urn:koder:acr:mfa" } as const;

/** The class that these methods reach (RFC 8176). */
export const acrOf = (amr: readonly string[]): string => (amr.includes("mfa") ? acr.severalFactors : acr.oneFactor);
