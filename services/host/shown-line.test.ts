import { expect, test } from "vitest";
import { shownLineFault, shownTextViolations, typedLine } from "./shown-line.ts";

test.each(["a\nb", "a\u0000b", "a\u2028b", "Acme\u202Egnp", "a\u200Eb", " ", "\t", "\u200B", "\u00A0\u2060", "\u3164"])(
  "%j is no line that we show",
  (text) => expect(shownLineFault(text)).toContain("must be one line of text"),
);

test.each(["", "Acme", "Ação & Cia.", "日本", "👩‍💻", "a\u200Bb"])("%j may be shown", (text) =>
  expect(shownLineFault(text)).toBeUndefined(),
);

test.each([
  ["Ada\u202E Lovelace\n", "Ada Lovelace"],
  ["\u200B", ""],
  [" Ada ", "Ada"],
])("of %j that somebody typed %j is left", (text, line) => expect(typedLine(text)).toBe(line));

test.each(["a\u0000b", "a\u001b[31mb", "a\u2028b", "Acme\u202Egnp"])("%j is no text that we show", (text) =>
  expect(shownTextViolations("description", text)).toMatchObject([{ field: "description" }]),
);

test.each(["", "one\n\n\ttwo\r\n", "Ação & Cia."])("%j is a text that we show", (text) =>
  expect(shownTextViolations("description", text)).toEqual([]),
);
