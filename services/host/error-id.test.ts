import { expect, test } from "vitest";
import { allReasons, errorId } from "./error-id.ts";
import { reasonName } from "./failure.ts";

test("every reason has a name of its own, and an id with its category and number", () => {
  const names = new Map<string, string>();
  for (const [category, reasons] of allReasons) {
    for (const { number } of reasons.values) {
      if (number === 0) continue;
      const name = reasonName(reasons, number);
      expect(names.get(name), `${name} is in two lists`).toBeUndefined();
      names.set(name, category);
      expect(errorId(name)).toMatch(
        new RegExp(`^KID-${category}-${String(number).padStart(3, "0")}-[0-9A-HJKMNP-TV-Z]{6}$`),
      );
    }
  }
  expect(names.size).toBeGreaterThan(30);
  expect(errorId("INTERNAL")).not.toBe(errorId("INTERNAL"));
});
