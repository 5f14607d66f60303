import { expect, test } from "vitest";
import { closing, together } from "./summary.ts";

const skipped = { what: "browser > signs in", reason: "Chromium is not installed" };

test("what was not run is named with its reason", () => {
  const { text } = closing({ passed: 3, failed: 0, notRun: [skipped] }, false);
  expect(text).toBe(
    "Not run:\n  browser > signs in: Chromium is not installed\nTests: 3 passed, 0 failed, 1 not run\n",
  );
});

test.each([
  ["all passed", { passed: 1, failed: 0, notRun: [] }, true, 0],
  ["one failed", { passed: 1, failed: 1, notRun: [] }, false, 1],
  ["one not run, at a desk", { passed: 1, failed: 0, notRun: [skipped] }, false, 0],
  ["one not run, in CI", { passed: 1, failed: 0, notRun: [skipped] }, true, 1],
])("exit code: %s", (_, summary, strict, code) => {
  expect(closing(summary, strict).code).toBe(code);
});

test("runs are counted together", () => {
  const first = { passed: 2, failed: 1, notRun: [skipped] };
  expect(together([first, { passed: 3, failed: 0, notRun: [] }])).toEqual({ passed: 5, failed: 1, notRun: [skipped] });
});
