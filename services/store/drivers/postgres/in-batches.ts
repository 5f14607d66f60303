import { statement, step, type SqlValue, type Statement, type Step } from "./statement.ts";

/** Rows of one statement: few sizes, so that all are prepared soon. */
const sizes = [100, 10, 1];

/** One statement for each size, whose text `text` says. */
export function bySize(text: (size: number) => string): ReadonlyMap<number, Statement> {
  return new Map(sizes.map((size) => [size, statement(text(size))]));
}

/** Says rows with as few statements as the sizes allow, in their order. */
export function inBatches(
  statements: ReadonlyMap<number, Statement>,
  rows: readonly (readonly SqlValue[])[],
): readonly Step[] {
  const steps: Step[] = [];
  let at = 0;
  for (const [size, prepared] of statements) {
    for (; rows.length - at >= size; at += size) steps.push(step(prepared, ...rows.slice(at, at + size).flat()));
  }
  return steps;
}

/** `$<from>, …`, as many as are asked for. */
export function places(from: number, count: number): string {
  return Array.from({ length: count }, (_, index) => `$${from + index}`).join(", ");
}

/** `INSERT INTO … VALUES (…), (…), …` of so many rows; `between` stands before VALUES. */
export function insertRows(table: string, columns: readonly string[], size: number, between = ""): string {
  const width = columns.length;
  const rows = Array.from({ length: size }, (_, index) => `(${places(1 + index * width, width)})`);
  const names = columns.map((column) => `"${column}"`).join(", ");
  return `INSERT INTO "${table}" (${names})${between} VALUES ${rows.join(", ")}`;
}
