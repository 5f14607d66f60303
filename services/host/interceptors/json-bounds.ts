import {
  getOption,
  hasOption,
  type DescField,
  type DescMessage,
  type JsonValue,
  type Message,
} from "@bufbuild/protobuf";
import { max_json_length } from "#gen/koder/options/v1/field_pb.ts";
import type { FieldViolation } from "../failure.ts";

/** A field of free JSON in a request: the way to it, and how many characters it may have. */
interface Bound {
  readonly way: readonly DescField[];
  readonly most: number;
}

const known = new WeakMap<DescMessage, readonly Bound[]>();

/**
 * The fields of free JSON in a request that are longer than their option `max_json_length` says, and the numbers in them that JSON
 * does not have (NaN and the infinite ones): whoever speaks binary protobuf can send them, and null would be stored.
 */
export function jsonFaults(schema: DescMessage, message: Message): readonly FieldViolation[] {
  let bounds = known.get(schema);
  if (bounds === undefined) known.set(schema, (bounds = boundsOf(schema, [])));
  return bounds.flatMap(({ way, most }) => {
    let value: unknown = message;
    for (const { localName } of way) value = (value as Record<string, unknown> | undefined)?.[localName];
    if (value === undefined) return [];
    const field = way.map(({ name }) => name).join(".");
    if (JSON.stringify(value).length > most) {
      return [{ field, description: `must be at most ${most} characters of JSON` }];
    }
    return notNumbers(value as JsonValue, field).map((path) => ({
      field: path,
      description: "must be a finite number",
    }));
  });
}

/** Where in a value the numbers are that JSON does not have. */
function notNumbers(value: JsonValue, path: string): readonly string[] {
  if (typeof value === "number") return Number.isFinite(value) ? [] : [path];
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((one, at) => notNumbers(one, `${path}[${at}]`));
  return Object.entries(value).flatMap(([name, one]) => notNumbers(one, `${path}.${name}`));
}

function boundsOf(schema: DescMessage, before: readonly DescField[]): readonly Bound[] {
  return schema.fields.flatMap((field): readonly Bound[] => {
    if (field.fieldKind !== "message" || before.includes(field)) return [];
    const way = [...before, field];
    if (field.message.typeName.startsWith("koder.")) return boundsOf(field.message, way);
    return hasOption(field, max_json_length) ? [{ way, most: getOption(field, max_json_length) }] : [];
  });
}
