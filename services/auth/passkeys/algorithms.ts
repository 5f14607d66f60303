/** The algorithms of the passkeys that are made for us, the best first: EdDSA, ES256, RS256 by their COSE numbers (RFC 9053). */
export const passkeyAlgorithms = [-8, -7, -257] as const;
