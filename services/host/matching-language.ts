/**
 * The language among the known ones for a tag that is wanted (BCP 47): the same tag, or else the first of the same language.
 * Undefined where there is none.
 */
export function matchingLanguage(known: readonly string[], wanted: string): string | undefined {
  const tag = wanted.toLowerCase();
  const [language = ""] = tag.split("-");
  if (language === "") return undefined;
  return (
    known.find((one) => one.toLowerCase() === tag) ?? known.find((one) => one.toLowerCase().split("-")[0] === language)
  );
}
