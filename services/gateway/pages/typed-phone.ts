/**
 * The number of a telephone (E.164) as people type it: with spaces, hyphens, points and brackets, and `00` for the plus. Undefined
 * for what has no country code: which country it would be nobody can know.
 */
export function typedPhone(typed: string): string | undefined {
  const plain = typed
    .normalize("NFKC")
    .replaceAll(/[\s().\-/\u2010-\u2015\u200e\u200f\u202a-\u202e]/g, "")
    .replace(/^00/, "+");
  return /^\+[1-9]\d{6,14}$/.test(plain) ? plain : undefined;
}
