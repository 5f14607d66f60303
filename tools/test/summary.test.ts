import { expect, test } from "vitest";
import { closing, together } from "./summary.ts";

const broken = { what: "browser > signs out", error: "expected 303\nat browser.test.ts:3:1" };
const skipped = { what: "browser > signs in", reason: "Chromium is not installed" };

test("what was not run is named with its reason", () => {
  const { text } = closing({ passed: 3, failures: [], notRun: [skipped] }, false);
  expect(text).toBe(
    "Not run:\n  browser > signs in: Chromium is not installed\nTests: 3 passed, 0 failed, 1 not run\n",
  );
});

test("what failed is said again with its error, cut short where it is long", () => {
  const { text } = closing(
    { passed: 3, failures: [broken, { what: "log", error: "line\n".repeat(100) }], notRun: [] },
    false,
  );
  expect(text).toBe(
    "Failed:\n  browser > signs out\n    expected 303\n    at browser.test.ts:3:1\n" +
      `  log\n${"    line\n".repeat(12)}Tests: 3 passed, 2 failed, 0 not run\n`,
  );
});

test.each([
  ["all passed", { passed: 1, failures: [], notRun: [] }, true, 0],
  ["one failed", { passed: 1, failures: [broken], notRun: [] }, false, 1],
  ["one not run, at a desk", { passed: 1, failures: [], notRun: [skipped] }, false, 0],
  ["one not run, in CI", { passed: 1, failures: [], notRun: [skipped] }, true, 1],
])("exit code: %s", (_, summary, strict, code) => {
  expect(closing(summary, strict).code).toBe(code);
});

test("runs are counted together", () => {
  const first = { passed: 2, failures: [broken], notRun: [skipped] };
  expect(together([first, { passed: 3, failures: [], notRun: [] }])).toEqual({
    passed: 5,
    failures: [broken],
    notRun: [skipped],
  });
});
