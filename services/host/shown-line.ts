import type { FieldViolation } from "./failure.ts";

/**
 * What no line of text that we show may have: controls, line breaks among them, and what turns the direction of the text around
 * it (CVE-2021-42574).
 */
export const unshownCharacters = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u;

/** A text of which nobody sees anything: a name that is none. */
const unseen = /^[\s\p{Default_Ignorable_Code_Point}]+$/u;

/** What is wrong with a text that we show in one line; undefined where nothing is. Whether it may be empty is for the caller. */
export const shownLineFault = (text: string): string | undefined =>
  unshownCharacters.test(text) || unseen.test(text)
    ? "must be one line of text that can be read, without control characters"
    : undefined;

/** The same as a violation of the field that has the text; none where nothing is wrong. */
export function shownLineViolations(field: string, text: string): readonly FieldViolation[] {
  const description = shownLineFault(text);
  return description === undefined ? [] : [{ field, description }];
}
