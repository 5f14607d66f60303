/**
 * The one host that a request names, by `:authority` or `Host`, in small letters and with its port. Undefined where it names none, or
 * two: lines of `Host` (RFC 9112 §3.2), or a `Host` beside another `:authority` (RFC 9113 §8.3.1). Whoever stands before us may have
 * gone by the one, and we by the other (security A25). `rawHeaders` are names and values in turns, as Node has them.
 */
export function namedHost(rawHeaders: readonly string[]): string | undefined {
  let named: string | undefined;
  let lines = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? "";
    const isLine = name.length === 4 && name.toLowerCase() === "host";
    if (!isLine && name !== ":authority") continue;
    const host = rawHeaders[at + 1]?.toLowerCase() ?? "";
    if (isLine) lines += 1;
    if (lines > 1 || (named ?? host) !== host) return undefined;
    named = host;
  }
  return named === "" ? undefined : named;
}
