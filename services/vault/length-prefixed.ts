/**
 * The parts one after another, each behind its length in four bytes (big-endian): no two lists of parts give the same
 * bytes, as joining them by a separator would.
 */
export function lengthPrefixed(...parts: readonly string[]): Buffer {
  const lengths = parts.map((part) => Buffer.byteLength(part));
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + 4 + length, 0));
  let at = 0;
  for (const [i, part] of parts.entries()) {
    at = bytes.writeUInt32BE(lengths[i] ?? 0, at);
    at += bytes.write(part, at, "utf8");
  }
  return bytes;
}
