import type { JsonObject } from "@bufbuild/protobuf";
import type { Ajv2020 } from "ajv/dist/2020.js";
import type { FieldViolation } from "../../host/failure.ts";
import { formats } from "./formats.ts";

/** What is wrong with the attributes of a person, where `field` is what holds them in the request. */
export type CheckAttributes = (attributes: JsonObject, field: string) => readonly FieldViolation[];

/** The steps of the longest program that a pattern may be, and the longest text that one fits: together, the longest wait. */
const [longestProgram, longestText] = [200, 1_000];

/** One for the process: its own schemas are compiled once. Both packages are loaded with the first schema of any tenant. */
const loading = { ajv: undefined as Promise<Ajv2020> | undefined };

async function load(): Promise<Ajv2020> {
  const [{ Ajv2020: Validator }, { RE2JS }] = await Promise.all([import("ajv/dist/2020.js"), import("re2js")]);
  // RE2's patterns: their time grows with the text, and not with what was written to make it grow.
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
  return new Validator({
    strict: true,
    strictTypes: false,
    strictTuples: false,
    allErrors: true,
    ownProperties: true,
    formats: { ...formats },
    code: { regExp: engine },
    logger: false,
  });
}

/** Compiles a schema that has no faults. Throws an Error that says where a keyword has a value that it cannot have. */
export async function compileSchema(schema: JsonObject): Promise<CheckAttributes> {
  const ajv = await (loading.ajv ??= load());
  const own = structuredClone(schema);
  const validate = ajv.compile(own);
  // It keeps what it compiled for ever; whoever asked keeps it for as long as they need it.
  ajv.removeSchema(own);
  return (attributes, field) => {
    if (validate(attributes)) return [];
    const faults = (validate.errors ?? []).map(({ instancePath, keyword, params, message = "is not right" }) => {
      const missing = keyword === "required" ? String(params["missingProperty"]) : undefined;
      const steps = instancePath.split("/").slice(1);
      const path = [field, ...steps, ...(missing === undefined ? [] : [missing])].join(".");
      return { field: path, description: missing === undefined ? message : "must be there" };
    });
    // Values are personal, and none of these messages has one.
    return faults.slice(0, 50);
  };
}
