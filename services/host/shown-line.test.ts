import { expect, test } from "vitest";
import { shownLineFault } from "./shown-line.ts";

test.each(["a\nb", "a\u0000b", "a\u2028b", "Acme\u202Egnp", "a\u200Eb", " ", "\t", "\u200B", "\u00A0\u2060", "\u3164"])(
  "%j is no line that we show",
  (text) => expect(shownLineFault(text)).toContain("must be one line of text"),
);

test.each(["", "Acme", "Ação & Cia.", "日本", "👩‍💻", "a\u200Bb"])("%j may be shown", (text) =>
  expect(shownLineFault(text)).toBeUndefined(),
);
