/**
 * Names in an order in which those that others link to come first, and what these link to before. A circle is told of once, and
 * left where it closes.
 */
export function linkedFirst(
  names: Iterable<string>,
  linksOf: (name: string) => readonly string[],
  tellCircle: (circle: readonly string[]) => void,
): readonly string[] {
  const ordered = new Set<string>();
  const visit = (name: string, way: readonly string[]): void => {
    if (ordered.has(name)) return;
    const before = way.indexOf(name);
    if (before >= 0) {
      tellCircle(way.slice(before));
      return;
    }
    for (const next of linksOf(name)) visit(next, [...way, name]);
    ordered.add(name);
  };
  for (const name of names) visit(name, []);
  return [...ordered];
}
