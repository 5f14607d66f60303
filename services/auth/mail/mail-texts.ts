import { readFileSync } from "node:fs";
import { pageLanguages } from "../../host/page-languages.ts";
import { matchingLanguage } from "../../host/matching-language.ts";
import { ownFile } from "../../host/own-files.ts";

/** What mails say in one language, by keys. */
export type MailTexts = Readonly<Record<string, string>>;

const read = (file: string): MailTexts =>
  JSON.parse(readFileSync(ownFile(`auth/mail/texts/${file}`), "utf8")) as MailTexts;

/** One catalogue a language; the first is the source and the fallback. */
export const mailCatalogues: ReadonlyMap<string, MailTexts> = new Map(
  pageLanguages.map((language) => [language, read(language === "en-US" ? "en.json" : `${language}.json`)]),
);

/** The language among ours for the tags that are wanted, the most wanted first: the same, or else of the same language. */
export function mailLocale(...wanted: readonly string[]): string {
  const known = [...mailCatalogues.keys()];
  for (const tag of wanted) {
    const found = matchingLanguage(known, tag);
    if (found !== undefined) return found;
  }
  return known[0] ?? "en-US";
}
