import { Ajv2020, str } from "ajv/dist/2020.js";
import { RE2JS } from "re2js";
import { formats } from "./formats.ts";
import { isMultipleOf } from "./multiple-of.ts";

/** The steps of the longest program that a pattern may be, and the longest text that one fits: together, the longest wait. */
const [longestProgram, longestText] = [200, 1_000];

/** A validator of JSON Schema 2020-12, whose patterns are RE2's: their time grows with the text, and not with what was written to make it grow. */
export function newValidator(): Ajv2020 {
  const engine = Object.assign(
    (pattern: string) => {
      const compiled = RE2JS.compile(pattern);
      if (compiled.programSize() > longestProgram) throw new Error(`the pattern ${pattern} repeats too much`);
      // It is by the name that two patterns are two.
      return {
        test: (text: string) => text.length <= longestText && compiled.matcher(text).find(),
        toString: () => `/${pattern}/`,
      };
    },
    { code: "re2" },
  );
  const ajv = new Ajv2020({
    strict: true,
    strictTypes: false,
    strictTuples: false,
    allErrors: true,
    ownProperties: true,
    formats: { ...formats },
    code: { regExp: engine },
    logger: false,
  });
  // Its own divides binary numbers, by which 0.3 is no multiple of 0.1.
  return ajv.removeKeyword("multipleOf").addKeyword({
    keyword: "multipleOf",
    type: "number",
    schemaType: "number",
    validate: (of: number, value: number) => isMultipleOf(value, of),
    error: { message: ({ schema }) => str`must be multiple of ${schema as number}` },
  });
}
