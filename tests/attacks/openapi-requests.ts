import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { addressForm } from "../../services/host/email-address.ts";

/** A schema of the OpenAPI document (JSON Schema 2020-12). */
export type Schema = Readonly<Record<string, unknown>>;

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required?: boolean;
  readonly schema: Schema;
}

/** One operation of the document. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | undefined;
  /** The schema of a success. */
  readonly answer: Schema;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Schema>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export const document = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../gen/openapi/openapi.json"), "utf8"),
) as Document;

/** The schema of JSON among media types. */
function jsonSchema(of: unknown): Schema | undefined {
  const { content } = (of ?? {}) as { content?: Readonly<Record<string, { schema?: Schema }>> };
  return content?.["application/json"]?.schema;
}

export const operations: readonly Operation[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path,
    parameters: (operation["parameters"] ?? []) as readonly Parameter[],
    body: jsonSchema(operation["requestBody"]),
    answer: jsonSchema((operation["responses"] as Readonly<Record<string, unknown>>)["200"]) ?? {},
  })),
);

/** What no schema asks for. */
const awkward: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: "binary", maxLength: 100 }),
  fc.constantFrom<unknown>("", "\u0000", "__proto__", "../..", -1, 2 ** 53, 1e308, null, [], {}, "x".repeat(70_000)),
);

/** How deep what is made may be. */
const deepest = 6;

/** Values as a schema asks for them, most of the time; `ids` are those of what there is. */
export function valuesOf(schema: Schema, ids: readonly string[], depth = 0): fc.Arbitrary<unknown> {
  const name = /^#\/components\/schemas\/(.+)$/.exec(typeof schema["$ref"] === "string" ? schema["$ref"] : "")?.[1];
  const resolved = name === undefined ? schema : { ...document.components.schemas[name] };
  return fc.oneof({ weight: 12, arbitrary: asAsked(resolved, ids, depth) }, { weight: 1, arbitrary: awkward });
}

function asAsked(schema: Schema, ids: readonly string[], depth: number): fc.Arbitrary<unknown> {
  const choices = schema["enum"] as readonly unknown[] | undefined;
  if (choices !== undefined) return fc.constantFrom(...choices);
  switch (schema["type"]) {
    case "boolean":
      return fc.boolean();
    case "integer":
    case "number":
      return fc.integer({ min: Number(schema["minimum"] ?? -5), max: Number(schema["maximum"] ?? 1_000) });
    case "array":
      return fc.array(valuesOf((schema["items"] ?? {}) as Schema, ids, depth + 1), { maxLength: 4 });
    case "string":
      return texts(schema, ids);
    default:
      return objects(schema, ids, depth);
  }
}

function objects(schema: Schema, ids: readonly string[], depth: number): fc.Arbitrary<unknown> {
  const members = (schema["properties"] ?? {}) as Readonly<Record<string, Schema>>;
  if (depth >= deepest) return fc.constant({});
  if (Object.keys(members).length === 0)
    return fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue(), { maxKeys: 4 });
  // A few members at a time: all of them at once would be refused for one of them.
  return fc
    .subarray(Object.keys(members), { maxLength: Math.min(5, Object.keys(members).length) })
    .map((some) => [...new Set([...some, ...((schema["required"] ?? []) as readonly string[])])])
    .chain((some) =>
      fc.record(Object.fromEntries(some.map((one) => [one, valuesOf(members[one] ?? {}, ids, depth + 1)]))),
    );
}

const addressOrNone = `^$|${addressForm}`;
/** Addresses with domains of both kinds. */
const addresses = fc.stringMatching(/^[a-z]{3,8}@[a-zü例]{3,8}\.example$/);

function texts({ format, pattern, maxLength }: Schema, ids: readonly string[]): fc.Arbitrary<string> {
  const known = ids.length === 0 ? [] : [{ weight: 3, arbitrary: fc.constantFrom(...ids) }];
  if (format === "date-time") {
    const min = new Date("2020-01-01");
    return fc.date({ min, max: new Date("2030-01-01"), noInvalidDate: true }).map((date) => date.toISOString());
  }
  if (format === "idn-email" || pattern === addressOrNone) return addresses;
  if (format === "uuid") return fc.uuid();
  const free = fc.string({ maxLength: Math.min(Number(maxLength ?? 20), 20) });
  const matching = typeof pattern === "string" ? made(pattern) : undefined;
  return fc.oneof(...known, { weight: 3, arbitrary: matching ?? free }, { weight: 1, arbitrary: free });
}

/** Texts that a pattern fits; undefined for one of which none can be made. */
function made(pattern: string): fc.Arbitrary<string> | undefined {
  try {
    return fc.stringMatching(new RegExp(pattern), { maxLength: 60 });
  } catch {
    return undefined;
  }
}

/** One request of an operation: its path with the query, and its body. */
export function requestsOf({ path, parameters, body }: Operation, ids: readonly string[]) {
  const place = (where: Parameter["in"]) => parameters.filter((parameter) => parameter.in === where);
  const asked = place("query");
  const query = fc
    .subarray(asked, { maxLength: Math.min(3, asked.length) })
    .chain((some) => fc.record(Object.fromEntries(some.map(({ name, schema }) => [name, valuesOf(schema, ids)]))));
  const inPath = fc.record(Object.fromEntries(place("path").map(({ name, schema }) => [name, valuesOf(schema, ids)])));
  return fc.record({
    path: fc.tuple(inPath, query).map(([names, sent]) => {
      const filled = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => encoded(names[name]) || "x");
      const pairs = Object.entries(sent).map(([name, value]) => `${name}=${encoded(value)}`);
      return pairs.length === 0 ? filled : `${filled}?${pairs.join("&")}`;
    }),
    body: body === undefined ? fc.constant(undefined) : valuesOf(body, ids),
  });
}

const encoded = (value: unknown): string => {
  const text = typeof value === "string" ? value : JSON.stringify(value ?? "");
  return encodeURIComponent(text.toWellFormed().slice(0, 500));
};
