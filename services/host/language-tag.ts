/** Whether a text is a language tag by its form (BCP 47), such as `es-MX`. */
export function isLanguageTag(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1;
  } catch {
    return false;
  }
}

/** What whoever sent another text is told. */
export const wantedLanguageTag = "must be a language tag such as es-MX (BCP 47)";
