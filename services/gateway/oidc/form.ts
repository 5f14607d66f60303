/** Parameters of a form or a query, as they were sent. */
export interface Form {
  /** The first value of a parameter; empty when it was not sent. */
  get(name: string): string;
  /** Every value of a parameter that may come several times, in order. */
  getAll(name: string): string[];
  has(name: string): boolean;
  /** Every name and value, in order. */
  readonly pairs: readonly (readonly [name: string, value: string])[];
  /** Names that were sent more than once. */
  readonly duplicates: readonly string[];
}

/** A form that is not `application/x-www-form-urlencoded` in UTF-8. */
export class MalformedForm extends Error {
  override readonly name = "MalformedForm";
}

/** More than any endpoint has parameters. */
const mostPairs = 100;

/** Reads a form (RFC 6749 appendix B). Throws MalformedForm on a broken escape or what is not UTF-8. */
export function parseForm(text: string): Form {
  const pairs: (readonly [string, string])[] = [];
  const values = new Map<string, string>();
  const duplicates = new Set<string>();
  if (text !== "") {
    const parts = text.split("&", mostPairs + 1);
    if (parts.length > mostPairs) throw new MalformedForm("there are too many parameters");
    for (const part of parts) {
      if (part === "") continue;
      const at = part.indexOf("=");
      const name = decode(at < 0 ? part : part.slice(0, at), "the name of a parameter");
      const value = at < 0 ? "" : decode(part.slice(at + 1), shortened(name));
      pairs.push([name, value]);
      if (values.has(name)) duplicates.add(name);
      else values.set(name, value);
    }
  }
  return {
    get: (name) => values.get(name) ?? "",
    getAll: (wanted) => pairs.flatMap(([name, value]) => (name === wanted ? [value] : [])),
    has: (name) => values.has(name),
    pairs,
    duplicates: [...duplicates],
  };
}

/** One form-encoded text, `+` being a space. Throws MalformedForm that says `what` it is of. */
export function decode(text: string, what: string): string {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return checked(spaced, what);
  let decoded: string;
  try {
    decoded = decodeURIComponent(spaced);
  } catch {
    throw new MalformedForm(`${what}: a percent escape is broken, or is not UTF-8`);
  }
  return checked(decoded, what);
}

function checked(text: string, what: string): string {
  if (text.includes("\0") || !text.isWellFormed()) throw new MalformedForm(`${what}: holds NUL or is not UTF-8`);
  return text;
}

/** A parameter's name, fit for a sentence. */
const shortened = (name: string): string => name.slice(0, 100).replaceAll(/[^\x21-\x7e]/g, "?");

/** Names that were sent more than once, of those that a standard lets come once. */
export const duplicatesOf = ({ duplicates }: Form): string[] =>
  duplicates.filter((name) => name !== "resource").map(shortened);
