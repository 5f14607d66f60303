import type { FieldViolation } from "./failure.ts";

/**
 * What no line of text that we show may have: controls, line breaks among them, and what turns the direction of the text around
 * it (CVE-2021-42574).
 */
export const unshownCharacters = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u;

/** A text of which nobody sees anything: a name that is none. */
const unseen = /^[\s\p{Default_Ignorable_Code_Point}]+$/u;

/** What a line that we show must be, for whoever sent something else. */
export const wantedShownLine = "must be one line of text that can be read, without control characters";

/** Whether a text may be shown in one line. Whether it may be empty is for the caller. */
export const isShownLine = (text: string): boolean => !unshownCharacters.test(text) && !unseen.test(text);

/** What is wrong with a text that we show in one line; undefined where nothing is. */
export const shownLineFault = (text: string): string | undefined => (isShownLine(text) ? undefined : wantedShownLine);

/** What is left of a line that somebody typed: without what cannot be shown, and nothing where nobody would see anything. */
export function typedLine(text: string): string {
  const line = text.replaceAll(new RegExp(unshownCharacters, "gu"), "").trim();
  return isShownLine(line) ? line : "";
}

/** What is wrong with a text of any length that we show, which may have lines. */
export function shownTextViolations(field: string, text: string): readonly FieldViolation[] {
  return unshownCharacters.test(text.replaceAll(/[\n\r\t]/g, ""))
    ? [{ field, description: "must be text, without control characters other than line breaks and tabs" }]
    : [];
}

/** What is wrong with a line, as a violation of the field that has it; none where nothing is wrong. */
export function shownLineViolations(field: string, text: string): readonly FieldViolation[] {
  const description = shownLineFault(text);
  return description === undefined ? [] : [{ field, description }];
}
