import type { DescField, DescMessage, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";

/** What a point in time must be that no calendar has. */
export const wantedTime = "must be a day and an hour that there are";

const known = new WeakMap<DescMessage, readonly DescField[]>();

/**
 * The way to a point in time that no calendar has, such as 30 February or 24:00 (RFC 3339 §5.7), in the JSON of a message that could be
 * read: what reads it counts on from there. Undefined where there is none.
 */
export function impossibleTime(schema: DescMessage, json: JsonObject, before = ""): string | undefined {
  for (const field of fieldsWithTimes(schema)) {
    const value = json[field.name] ?? json[field.jsonName];
    const items = field.fieldKind === "list" && Array.isArray(value) ? value : [value];
    for (const [at, item] of items.entries()) {
      const path = `${before}${field.name}${field.fieldKind === "list" ? `[${at}]` : ""}`;
      const found = impossibleIn(field, item, path);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function impossibleIn({ message }: DescField, value: JsonValue | undefined, path: string): string | undefined {
  if (typeof value === "string") return isOnTheCalendar(value) ? undefined : path;
  if (message === undefined || typeof value !== "object" || value === null) return undefined;
  return impossibleTime(message, value as JsonObject, `${path}.`);
}

/** Whether a time, in the form of RFC 3339, has a day that its month has, and an hour that a day has. */
function isOnTheCalendar(time: string): boolean {
  const [date = "", hour = ""] = time.split(/[T:]/, 2);
  return Number(hour) < 24 && new Date(`${date}T00:00:00Z`).toISOString().startsWith(date);
}

/** The fields of a message that are points in time, or hold some. */
function fieldsWithTimes(schema: DescMessage): readonly DescField[] {
  let fields = known.get(schema);
  if (fields === undefined) {
    fields = schema.fields.filter(({ message }) => message !== undefined && holdsTimes(message));
    known.set(schema, fields);
  }
  return fields;
}

/** Whether a message is a point in time, or holds some. */
export function holdsTimes(message: DescMessage, seen = new Set<DescMessage>()): boolean {
  if (message.typeName === TimestampSchema.typeName) return true;
  if (seen.has(message) || !message.typeName.startsWith("koder.")) return false;
  seen.add(message);
  return message.fields.some((field) => field.message !== undefined && holdsTimes(field.message, seen));
}
