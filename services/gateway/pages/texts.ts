import { readFileSync } from "node:fs";
import { pageLanguages } from "../../host/page-languages.ts";
import { matchingLanguage } from "../../host/matching-language.ts";
import { ownFile } from "../../host/own-files.ts";

/** A catalogue of texts by their keys. */
export type Texts = Readonly<Record<string, string>>;

const read = (file: string): Texts => JSON.parse(readFileSync(ownFile(`gateway/pages/texts/${file}`), "utf8")) as Texts;

/** One catalogue a language; the first is the source and the fallback. */
export const catalogues: ReadonlyMap<string, Texts> = new Map(
  pageLanguages.map((language) => [language, read(language === "en-US" ? "en.json" : `${language}.json`)]),
);

const [fallback] = pageLanguages;

/** The language for a person: what the client asked for (`ui_locales`), then what the browser likes, then English. */
export function chooseLocale(uiLocales: string, acceptLanguage: string | undefined): string {
  for (const tag of [...uiLocales.split(" "), ...byPreference(acceptLanguage ?? "")]) {
    const found = matchingLanguage([...catalogues.keys()], tag);
    if (found !== undefined) return found;
  }
  return fallback;
}

/** The texts of a language that `chooseLocale` chose. */
export const textsOf = (locale: string): Texts => catalogues.get(locale) ?? {};

/** A text with its `{names}` replaced. */
export const filled = (text: string | undefined, values: Readonly<Record<string, string | number>>): string =>
  (text ?? "").replaceAll(/\{(\w+)\}/g, (_whole, name: string) => String(values[name] ?? ""));

/** What is not to be broken between two lines. */
export const unbroken = (words: string): string => words.replaceAll(" ", "\u00a0");

/** Tags of an Accept-Language header (RFC 9110 §12.5.4), the most wanted first. */
function byPreference(header: string): readonly string[] {
  return header
    .slice(0, 500)
    .split(",")
    .map((part) => {
      const [tag = "", ...parameters] = part.trim().split(";");
      const quality = parameters
        .map((parameter) => /^\s*q=([01](?:\.\d{1,3})?)\s*$/.exec(parameter)?.[1])
        .find(Boolean);
      return { tag, quality: Number(quality ?? 1) };
    })
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality)
    .map(({ tag }) => tag);
}
