/** The same JWT but for one character of what it says. */
export function changed(token: string): string {
  const at = token.indexOf(".") + 20;
  return `${token.slice(0, at)}${token[at] === "A" ? "B" : "A"}${token.slice(at + 1)}`;
}
