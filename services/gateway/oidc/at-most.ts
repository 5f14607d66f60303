/** As many bytes as what clients send may have: as much as a call may carry of it, which is more than any of ours has. */
export const longestSent = { clientId: 256, secret: 512, jwt: 8_192, uri: 4_096 } as const;

/** Nobody's: no id, code, secret, token or URI that we know has such a form. */
const tooLong = "(too long)";

/**
 * An id, a code, a secret, a token or a URI as it was sent. One of more bytes than any of ours has, and than a call may carry, is answered as
 * whatever else is not known: something that is nobody's stands for it.
 */
export const atMost = (longest: number, sent: string): string => (Buffer.byteLength(sent) > longest ? tooLong : sent);
