/**
 * What no line of text that we show may have: controls, line breaks among them, and what turns the direction of the text around
 * it (CVE-2021-42574).
 */
export const unshownCharacters = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u;
