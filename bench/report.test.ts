import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parts } from "./parts/parts.ts";
import { shareSlower } from "./parts/sign-ins.ts";
import { between, table } from "./report.ts";

test("what stands between the marks of one part is replaced, and nothing else", () => {
  const text = "a\n<!-- bench x: begin -->\nold\n<!-- bench x: end -->\nb <!-- bench y: begin -->";
  expect(between(text, "x", "new")).toBe(
    "a\n<!-- bench x: begin -->\n\nnew\n\n<!-- bench x: end -->\nb <!-- bench y: begin -->",
  );
  expect(() => between(text, "y", "new")).toThrow("lacks the marks");
});

test("docs/performance.md has a place for every part", () => {
  const document = readFileSync(join(import.meta.dirname, "../docs/performance.md"), "utf8");
  for (const { name } of parts) expect(between(document, name, "here")).toContain("here");
});

test("a table has a line under its header", () => {
  expect(table(["a", "b"], [["1", "2"]])).toBe("| a | b |\n| --- | --- |\n| 1 | 2 |");
});

test("how often one takes longer is a half where the times are alike", () => {
  expect(shareSlower([1, 2, 3], [1, 2, 3])).toBe(0.5);
  expect(shareSlower([4, 5], [1, 2])).toBe(1);
  expect(shareSlower([1, 2], [4, 5])).toBe(0);
});
