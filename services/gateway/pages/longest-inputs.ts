/**
 * As many characters of what a browser sends as are handed on: no more than the contract takes. Whatever is longer is none of ours,
 * and is refused as what is left of it.
 */
export const longest = {
  /** Ids that are secrets, and tokens of links that were mailed. */
  secret: 128,
  username: 320,
  /** RFC 5321 §4.5.3.1.3. */
  email: 254,
  /** What a person is called. */
  name: 200,
  password: 1_024,
  code: 64,
  phone: 64,
  termsVersion: 64,
  /** A ULID. */
  sessionId: 26,
  uiLocales: 1_024,
  remoteAddress: 64,
  userAgent: 256,
} as const;
