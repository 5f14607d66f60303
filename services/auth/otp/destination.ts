/**
 * Where a code goes, as far as whoever has passed the first factor is told: enough to know which mailbox or telephone, and not
 * enough to learn it.
 */
export function maskedDestination(to: string): string {
  const at = to.lastIndexOf("@");
  if (at < 0) return `•••• ${to.slice(-4)}`;
  const [first = ""] = to.slice(0, at);
  return `${first}•••${to.slice(at)}`;
}
