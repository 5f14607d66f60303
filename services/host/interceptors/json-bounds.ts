import { getOption, hasOption, type DescField, type DescMessage, type Message } from "@bufbuild/protobuf";
import { max_json_length } from "#gen/koder/options/v1/field_pb.ts";
import type { FieldViolation } from "../failure.ts";

/** A field of free JSON in a request: the way to it, and how many characters it may have. */
interface Bound {
  readonly way: readonly DescField[];
  readonly most: number;
}

const known = new WeakMap<DescMessage, readonly Bound[]>();

/** The fields of free JSON in a request that are longer than their option `max_json_length` says. */
export function jsonFaults(schema: DescMessage, message: Message): readonly FieldViolation[] {
  let bounds = known.get(schema);
  if (bounds === undefined) known.set(schema, (bounds = boundsOf(schema, [])));
  return bounds.flatMap(({ way, most }) => {
    let value: unknown = message;
    for (const { localName } of way) value = (value as Record<string, unknown> | undefined)?.[localName];
    if (value === undefined || JSON.stringify(value).length <= most) return [];
    const field = way.map(({ name }) => name).join(".");
    return [{ field, description: `must be at most ${most} characters of JSON` }];
  });
}

function boundsOf(schema: DescMessage, before: readonly DescField[]): readonly Bound[] {
  return schema.fields.flatMap((field): readonly Bound[] => {
    if (field.fieldKind !== "message" || before.includes(field)) return [];
    const way = [...before, field];
    if (field.message.typeName.startsWith("koder.")) return boundsOf(field.message, way);
    return hasOption(field, max_json_length) ? [{ way, most: getOption(field, max_json_length) }] : [];
  });
}
