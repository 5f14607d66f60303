const upTo = (most: number): string => `must be at most ${most} letters, digits, ".", "_", "~" or "-"`;
const named = (most: number, signs: string): string =>
  `must begin with a letter and have at most ${most} letters, digits, ${signs}`;
const id = "26 characters, as in 01J9ZK3V5T8QW2X4Y6Z7ABCDEF";
const phone = "must be a telephone number as E.164 writes it, such as +15551234567";

/** Every pattern of the public contract, and what it asks for in words. */
const sentences: Readonly<Record<string, string>> = {
  "^[0-7][0-9A-HJKMNP-TV-Z]{25}$": `must be an id of ${id}`,
  "^(|[0-7][0-9A-HJKMNP-TV-Z]{25})$": `must be an id of ${id}, or empty`,
  "^([0-7][0-9A-HJKMNP-TV-Z]{25})?$": `must be an id of ${id}, or empty`,
  "^(me|[0-7][0-9A-HJKMNP-TV-Z]{25})$": `must be an id of ${id}, or "me"`,
  "^(|me|[0-7][0-9A-HJKMNP-TV-Z]{25})$": `must be an id of ${id}, "me", or empty`,
  "^([0-7][0-9A-HJKMNP-TV-Z]{25}|[a-z-]{1,20})$": `must be an id of ${id}, or the name of a built-in role, such as "owner"`,
  "^([0-7][0-9A-HJKMNP-TV-Z]{25}|[a-z-]{0,20})$": `must be an id of ${id}, the name of a built-in role, such as "owner", or empty`,
  "^[A-Za-z0-9._~-]{1,100}$": `${upTo(100)}, and not empty`,
  "^[A-Za-z0-9._~-]{0,100}$": upTo(100),
  "^[A-Za-z0-9][A-Za-z0-9._~-]{0,99}$": `${upTo(100)}, a letter or a digit first`,
  "^(|[A-Za-z0-9][A-Za-z0-9._~-]{0,99})$": `${upTo(100)}, a letter or a digit first, or empty`,
  "^[A-Za-z0-9._-]{0,100}$": 'must be at most 100 letters, digits, ".", "_" or "-"',
  "^[A-Za-z0-9._:-]{1,100}$": 'must be 1 to 100 letters, digits, ".", "_", ":" or "-"',
  "^[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,99}$":
    'must begin with a letter or a digit and have at most 100 letters, digits, spaces, ".", "_", ":", "/" or "-"',
  "^[A-Za-z][A-Za-z0-9._:-]{0,63}$": named(64, '".", "_", ":" or "-"'),
  "^[A-Za-z][A-Za-z0-9_]{0,63}$": named(64, 'or "_"'),
  "^[A-Za-z][A-Za-z0-9_.:/-]{0,99}$": named(100, '"_", ".", ":", "/" or "-"'),
  "^(\\*|[A-Za-z][A-Za-z0-9._:/-]{0,99})$": `${named(100, '".", "_", ":", "/" or "-"')}, or be "*"`,
  "^[A-Za-z][A-Za-z0-9_]*(\\.[A-Za-z][A-Za-z0-9_]*)+$": "must be an application id, such as dev.koder.app",
  "^([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}$":
    "must be a SHA-256 fingerprint: 32 bytes in hexadecimal with colons between them",
  "^[A-Za-z0-9_-]{43}$": "must be 43 characters of base64url, such as those of a SHA-256 hash",
  "^[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,128}$":
    'must be 1 to 128 printable ASCII characters without space, " and backslash',
  "^[!-~]{0,64}$": "must be at most 64 printable ASCII characters without spaces",
  "^[a-z0-9.-]{1,253}$": "must be a domain name in lower case and ASCII",
  "^[a-z0-9.-]{0,253}$": "must be a domain name in lower case and ASCII, or empty",
  "^[a-z0-9_]{0,100}$": 'must be at most 100 small letters, digits or "_"',
  "^[_+~!$=]*$": 'must hold nothing but "_", "+", "~", "!", "$" and "="',
  "^[^\\x00]*$": "must not hold NUL",
  "^#[0-9A-Fa-f]{6}$": "must be a colour as # and six hexadecimal digits, such as #1A73E8",
  "^\\d{4}(-\\d{2}-\\d{2})?$": "must be a date as YYYY-MM-DD, or a year as YYYY",
  "^https?://[^\\s]+$": "must be an address that begins with https:// or http://",
  "^\\+[1-9]\\d{1,14}$": phone,
  "^\\+[1-9]\\d{6,14}$": phone,
};

/** What a pattern of the contract asks for, in words; undefined for one that only services use among themselves. */
export const patternSentence = (pattern: string): string | undefined =>
  Object.hasOwn(sentences, pattern) ? sentences[pattern] : undefined;
