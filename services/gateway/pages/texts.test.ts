import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { catalogues, chooseLocale } from "./texts.ts";

const [[, english] = ["", {}], ...others] = [...catalogues];
const sources = globSync(["*.ts", "templates/*.liquid"], { cwd: import.meta.dirname })
  .filter((file) => !file.endsWith(".test.ts"))
  .map((file) => readFileSync(join(import.meta.dirname, file), "utf8"))
  .join("\n");

/** Names of templates and the like, which look like keys. */
const templates = new Set(["strength", "remember", "error", "fault", "consent", "scope", "totp", "passkey"]);

describe("the catalogues", () => {
  test.each(others.map(([locale]) => locale))("%s has every text, and no other", (locale) => {
    const texts = catalogues.get(locale) ?? {};
    expect(Object.keys(texts).toSorted()).toEqual(Object.keys(english).toSorted());
    for (const [key, text] of Object.entries(texts)) {
      expect(text === "", key).toBe(english[key] === "");
      expect(text.match(/\{\w+\}/g) ?? [], key).toEqual(english[key]?.match(/\{\w+\}/g) ?? []);
    }
  });

  test("every text is used, and every one that is used is there", () => {
    const used = new Set([
      ...Array.from(sources.matchAll(/\bt\.([a-z_]+)/g), ([, key = ""]) => key),
      ...Array.from(
        sources.matchAll(
          /"((?:fault|remember|error|start|enrol|verify_email|terms_lead|terms_read|consent|scope|totp|otp|recovery_code|passkey|strength|new_password_hint)(?:_[a-z_]+)?)"/g,
        ),
        ([, key = ""]) => key,
      ),
    ]);
    for (const key of used) if (`${key}_heading` in english) used.add(`${key}_heading`);
    expect([...used].filter((key) => !(key in english) && !templates.has(key))).toEqual([]);
    expect(Object.keys(english).filter((key) => !used.has(key))).toEqual([]);
  });

  test("the words are plain: no exclamation marks", () => {
    for (const [, texts] of catalogues) for (const text of Object.values(texts)) expect(text).not.toMatch(/[!¡]/);
  });
});

test.each([
  ["", "pt-BR,pt;q=0.9,en;q=0.8", "pt-BR"],
  ["", "pt", "pt-BR"],
  ["", "es-AR", "es"],
  ["", "fr;q=0.9, en;q=0.1", "en-US"],
  ["", "es;q=0, en", "en-US"],
  ["", "en;q=0.2, es;q=0.9", "es"],
  ["", undefined, "en-US"],
  ["", ";;,,q=", "en-US"],
  ["es pt-BR", "en", "es"],
  ["se", "pt-BR", "pt-BR"],
])("ui_locales %j and Accept-Language %j: %s", (uiLocales, header, locale) => {
  expect(chooseLocale(uiLocales, header)).toBe(locale);
});
