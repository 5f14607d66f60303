import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PartName } from "./part.ts";

const root = join(import.meta.dirname, "..");
const document = "docs/performance.md";

/** What a part has found. */
export interface Report {
  readonly name: PartName;
  readonly machine: string;
  readonly figures: object;
  readonly markdown: string;
}

/** Writes the figures to bench/results/ and, unless they are of a quick run, the tables into docs/performance.md. */
export function keepReport({ name, machine, figures, markdown }: Report, { quick }: { readonly quick: boolean }): void {
  mkdirSync(join(root, "bench/results"), { recursive: true });
  const file = join(root, `bench/results/${name}${quick ? "-quick" : ""}.json`);
  writeFileSync(file, `${JSON.stringify({ machine, ...figures }, null, 2)}\n`);
  if (quick) return;
  const path = join(root, document);
  writeFileSync(path, between(readFileSync(path, "utf8"), name, `Measured on ${machine}.\n\n${markdown.trim()}`));
}

/** A text with what stands between the marks of a part replaced. Throws where they are not. */
export function between(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- bench ${name}: begin -->`, `<!-- bench ${name}: end -->`];
  const [head, tail] = [text.indexOf(begin), text.indexOf(end)];
  if (head < 0 || tail < head) throw new Error(`${document} lacks the marks ${begin} and ${end}`);
  return `${text.slice(0, head + begin.length)}\n\n${content}\n\n${text.slice(tail)}`;
}

/** A table in Markdown. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}
