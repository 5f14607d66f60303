import type { DescMessage, JsonObject, JsonValue } from "@bufbuild/protobuf";

/**
 * A message's JSON with what another mentions: messages within it member by member, anything else, lists too, as a whole. A
 * null takes a field back to where it is not set. Members have the names of the contract.
 */
export function mergeJson(schema: DescMessage, before: JsonObject, mentioned: JsonObject): JsonObject {
  const merged: Record<string, JsonValue> = { ...before };
  for (const [name, value] of Object.entries(mentioned)) {
    const field = schema.fields.find((one) => one.name === name);
    for (const sibling of field?.oneof?.fields ?? []) if (sibling.name !== name) delete merged[sibling.name];
    const was = merged[name];
    const isMessage = field?.fieldKind === "message" && !field.message.typeName.startsWith("google.protobuf.");
    if (value === null) delete merged[name];
    else if (isMessage && isObject(value)) merged[name] = mergeJson(field.message, isObject(was) ? was : {}, value);
    else merged[name] = value;
  }
  return merged;
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
