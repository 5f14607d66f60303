import { createHash } from "node:crypto";

/** Bytes of an identifier; PostgreSQL cuts longer ones off, and two could become one. */
const longest = 63;

/** The name of what belongs to a table: `<table>.<part>`, or a digest of it where that is too long. */
export function nameOf(table: string, part: string): string {
  const whole = `${table}.${part}`;
  if (whole.length <= longest) return whole;
  const digest = createHash("sha256").update(whole).digest("hex").slice(0, 20);
  return `${whole.slice(0, longest - digest.length - 1)}~${digest}`;
}
