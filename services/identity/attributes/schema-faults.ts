import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { formats } from "./formats.ts";

/** Somewhere in a schema, and what would be right there. */
export interface SchemaFault {
  /** `properties.plan.pattern`; empty: the schema as a whole. */
  readonly path: string;
  readonly description: string;
}

/** How deep a schema may be, and how many values of JSON it may have. */
const [deepest, most] = [12, 2_000];
/** The longest pattern, and the longest list of values to choose from. */
const [longestPattern, mostChoices] = [200, 200];
/** What a name can be: in claims, in paths of violations, and never what objects of JavaScript have by themselves. */
export const attributeName = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
/** The most attributes. */
const mostAttributes = 100;

/** Keywords of JSON Schema 2020-12 whose value is a schema, a list of them, or one for each name. */
const schemas = ["items", "contains", "not", "if", "then", "else", "additionalProperties"];
const schemaLists = ["allOf", "anyOf", "oneOf", "prefixItems"];
/** The keywords that say something of a value where they stand. */
const plain = [
  "type enum const required title description $comment format pattern minLength maxLength",
  "minItems maxItems minContains maxContains uniqueItems minProperties maxProperties",
  "minimum maximum exclusiveMinimum exclusiveMaximum multipleOf",
].flatMap((line) => line.split(" "));

/**
 * What is wrong with a schema of attributes. It is a tree of known keywords, without references, so that checking a value takes
 * no longer than the schema's size times the value's, whoever wrote it. That each keyword has a value of its kind is checked when
 * it is compiled.
 */
export function schemaFaults(schema: JsonObject): readonly SchemaFault[] {
  const faults: SchemaFault[] = [];
  let [values, tooDeep] = [0, false];
  const wrong = (path: string, description: string): void => void faults.push({ path, description });

  function look(value: JsonValue | undefined, path: string, depth: number): void {
    values += 1;
    tooDeep ||= depth > deepest;
    // What is not looked at any more is refused as a whole.
    if (depth > deepest || values > most) return;
    if (typeof value === "boolean") return;
    if (!isObject(value)) return wrong(path, "must be a schema: an object, true or false");
    for (const [keyword, said] of Object.entries(value)) {
      const here = path === "" ? keyword : `${path}.${keyword}`;
      if (keyword === "properties") names(said, here, depth);
      else if (schemas.includes(keyword)) look(said, here, depth + 1);
      else if (schemaLists.includes(keyword)) {
        if (!Array.isArray(said)) wrong(here, "must be a list of schemas");
        else for (const [at, one] of said.entries()) look(one, `${here}[${at}]`, depth + 1);
      } else if (plain.includes(keyword)) plainFaults(keyword, said, here);
      else if (keyword !== "$schema" || path !== "") wrong(here, "is not a keyword that is taken");
      else if (said !== dialect) wrong(here, `must be ${dialect}`);
    }
  }

  function names(said: JsonValue, path: string, depth: number): void {
    if (!isObject(said)) return wrong(path, "must have a schema for each name");
    for (const [name, schemaOfName] of Object.entries(said)) {
      if (attributeName.test(name)) look(schemaOfName, `${path}.${name}`, depth + 1);
      else wrong(path, "names must be 1 to 64 letters, digits and underscores, and start with a letter");
    }
  }

  function plainFaults(keyword: string, said: JsonValue, path: string): void {
    values += JSON.stringify(said).length > 1_000 ? most : 1;
    if (keyword === "enum" && Array.isArray(said) && said.length > mostChoices) {
      wrong(path, `must have at most ${mostChoices} values`);
    }
    if (keyword === "pattern" && (typeof said !== "string" || said.length > longestPattern)) {
      wrong(path, `must be a pattern of at most ${longestPattern} characters`);
    }
    if (keyword === "format" && !(typeof said === "string" && Object.hasOwn(formats, said))) {
      wrong(path, `must be one of ${Object.keys(formats).join(", ")}`);
    }
  }

  look(schema, "", 1);
  if (values > most) wrong("", `must be smaller: it has more than ${most} values`);
  if (tooDeep) wrong("", `must be less deep: it goes beyond ${deepest} schemas`);
  const declared = schema["properties"];
  if (!isObject(declared)) wrong("properties", "must name the attributes");
  else if (Object.keys(declared).length > mostAttributes) wrong("properties", `must be at most ${mostAttributes}`);
  return faults;
}

const dialect = "https://json-schema.org/draft/2020-12/schema";

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
