import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { compileSchema } from "./compile-schema.ts";
import { schemaFaults } from "./schema-faults.ts";

const faults = (plan: JsonValue) =>
  schemaFaults({ properties: { plan } }).map(({ path, description }) => `${path}: ${description}`);
const check = async (plan: JsonObject, value: JsonValue) =>
  (await compileSchema({ properties: { plan } }))({ plan: value }, "attributes").map(
    ({ field, description }) => `${field} ${description}`,
  );

test("what says something of a value where it stands is taken", () => {
  const schema: JsonObject = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: {
      plan: { enum: ["gold", 1, null] },
      tags: { type: "array", items: { type: "string", pattern: "^[a-z]+$" }, uniqueItems: true, maxItems: 10 },
      home: { type: "object", properties: { city: { type: "string" } }, additionalProperties: false },
      since: { anyOf: [{ type: "string", format: "date" }, { const: "never" }] },
    },
    required: ["plan"],
    if: { properties: { plan: { const: "gold" } } },
    else: { required: ["since"] },
  };
  expect(schemaFaults(schema)).toEqual([]);
});

test("what would be fetched, run, or grow without end is not", () => {
  expect(faults({ $ref: "https://evil.example/schema" })).toEqual([
    "properties.plan.$ref: is not a keyword that is taken",
  ]);
  expect(faults({ $ref: "#" })).toHaveLength(1);
  expect(faults({ $defs: {}, $id: "https://a.example", $dynamicRef: "#a", $anchor: "a" })).toHaveLength(4);
  expect(faults({ patternProperties: { "(a+)+$": {} } })).toHaveLength(1);
  expect(faults({ default: 1 })).toHaveLength(1);
  expect(faults({ allOf: [{ not: { items: { $recursiveRef: "#" } } }] })).toEqual([
    "properties.plan.allOf[0].not.items.$recursiveRef: is not a keyword that is taken",
  ]);
  expect(faults({ properties: JSON.parse('{"__proto__":{"type":"string"}}') as JsonObject })).toHaveLength(1);
  expect(faults({ properties: { constructor: true } })).toEqual([]);
  expect(faults({ format: "regex" })).toHaveLength(1);
  expect(faults({ pattern: "a".repeat(201) })).toHaveLength(1);
  expect(faults({ enum: Array.from({ length: 201 }, (_, at) => at) })).toHaveLength(1);
});

test("size and depth are bounded", () => {
  let deep: JsonObject = { type: "string" };
  for (let at = 0; at < 13; at += 1) deep = { items: deep };
  expect(faults(deep)).toEqual([": must be less deep: it goes beyond 12 schemas"]);
  // What lies beyond is not taken unseen.
  let hidden: JsonObject = { $ref: "https://evil.example/schema" };
  for (let at = 0; at < 11; at += 1) hidden = { not: hidden };
  expect(faults(hidden)).not.toEqual([]);
  expect(faults({ allOf: [...Array.from({ length: 2_000 }, () => true), { $ref: "#" }] })).not.toEqual([]);
  const wide = Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`a${at}`, true]));
  expect(schemaFaults({ properties: wide })).toEqual([{ path: "properties", description: "must be at most 100" }]);
  expect(faults({ allOf: Array.from({ length: 2_001 }, () => true) })).toEqual([
    ": must be smaller: it has more than 2000 values",
  ]);
  expect(schemaFaults({})).toEqual([{ path: "properties", description: "must name the attributes" }]);
});

test("A27: no pattern makes a check wait, and none backtracks", async () => {
  const begun = performance.now();
  for (const pattern of ["(a+)+$", "^(a|aa)+$", "(.*)*b", "(a{1,5}){1,10}$"]) {
    for (const length of [999, 5_000]) {
      expect(await check({ type: "string", pattern }, `${"a".repeat(length)}!`)).toHaveLength(1);
    }
  }
  expect(performance.now() - begun).toBeLessThan(5_000);
  for (const pattern of ["(?=a)b", "(a)\\1", "(?<!a)b", "((a{1000}){1000}){1000}", "a{1000}", "("]) {
    await expect(compileSchema({ properties: { plan: { pattern } } }), pattern).rejects.toThrow(
      /pattern|regexp|parse/i,
    );
  }
  // Two patterns are two, whatever engine runs them.
  const two = await compileSchema({ properties: { a: { pattern: "^a$" }, b: { pattern: "^b$" } } });
  expect([two({ a: "a", b: "b" }, "x"), two({ a: "b", b: "a" }, "x").length]).toEqual([[], 2]);
});

test("decimals are multiples as people write them", async () => {
  expect(await check({ type: "number", multipleOf: 0.01 }, 19.99)).toEqual([]);
  expect(await check({ multipleOf: 0.01 }, 0.295)).toEqual(["attributes.plan must be multiple of 0.01"]);
  expect(await check({ multipleOf: 0.01 }, "text")).toEqual([]);
});

test("a value of another kind is told by its place, and no message has the value", async () => {
  expect(await check({ type: "string", maxLength: 3 }, "secret")).toEqual([
    "attributes.plan must NOT have more than 3 characters",
  ]);
  const [fault = ""] = await check({ type: "array", items: { type: "integer" } }, [1, "secret"]);
  expect(fault).toBe("attributes.plan.1 must be integer");
  const required = await compileSchema({ properties: { plan: true }, required: ["plan"] });
  expect(required({}, "attributes")).toEqual([{ field: "attributes.plan", description: "must be there" }]);
});

test.each([
  ["date", ["2026-02-28", "2024-02-29"], ["2026-02-30", "2026-2-1", "today"]],
  ["date-time", ["2026-02-28T01:02:03Z", "2026-02-28T01:02:03.5+02:00"], ["2026-02-28", "2026-02-30T01:02:03Z"]],
  ["email", ["a@b.example"], ["a", "a@b@c", "a b@c"]],
  ["uri", ["https://a.example/b", "urn:x:y"], ["a", "//a.example", "https://"]],
  ["uuid", ["123e4567-e89b-12d3-a456-426614174000"], ["123e4567"]],
])("the format %s", async (format, good, bad) => {
  for (const value of good) expect([value, await check({ format }, value)]).toEqual([value, []]);
  for (const value of bad) expect([value, (await check({ format }, value)).length]).toEqual([value, 1]);
});

test.each([
  { type: "text" },
  { maxLength: -1 },
  { maxLength: "3" },
  { enum: [] },
  { required: "plan" },
  { multipleOf: 0 },
  { minimum: "1" },
  { type: ["string", "string"] },
] as JsonObject[])("a keyword with a value that it cannot have does not compile: %j", async (plan) => {
  await expect(compileSchema({ properties: { plan } })).rejects.toThrow(/schema|keyword|enum/);
});
