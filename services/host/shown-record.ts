import {
  getOption,
  hasOption,
  ScalarType,
  toJson,
  type DescField,
  type DescMessage,
  type Message,
} from "@bufbuild/protobuf";
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { sensitive, write_only } from "#gen/koder/options/v1/field_pb.ts";

/** Words that make a stored text a secret, or what is kept of one. */
const hiddenWords = new Set(["hash", "hashes", "otp", "password", "phc", "salt", "secret", "secrets", "token"]);

/** What stands for a secret; undefined: the field is left out. */
type Mark = "[hidden]" | undefined;

/**
 * A stored record as protobuf JSON, in the field names of its schema. What is kept of secrets stands as `mark`, or is left out,
 * at any depth: every field of bytes (keys, sealed values, salts and hashes are), texts whose name says so, and what is marked
 * sensitive or write_only. Nothing that is sealed is opened.
 */
export function shownRecord(schema: DescMessage, record: Message, mark: Mark): JsonObject {
  return withoutSecrets(schema, toJson(schema, record, { useProtoFieldName: true }), mark) as JsonObject;
}

function withoutSecrets(schema: DescMessage, json: JsonValue, mark: Mark): JsonValue {
  // Well-known types such as timestamps are texts and numbers in JSON.
  if (typeof json !== "object" || json === null || Array.isArray(json)) return json;
  const fields = new Map(schema.fields.map((field) => [field.name, field]));
  const shown: JsonObject = {};
  for (const [name, value] of Object.entries(json)) {
    const field = fields.get(name);
    const seen = field === undefined || value === undefined ? value : shownField(field, value, mark);
    if (seen !== undefined) shown[name] = seen;
  }
  return shown;
}

function shownField(field: DescField, value: JsonValue, mark: Mark): JsonValue | undefined {
  if (isHidden(field)) return mark;
  if (field.message === undefined) return value;
  const { message } = field;
  if (field.fieldKind === "list" && Array.isArray(value))
    return value.map((item) => withoutSecrets(message, item, mark));
  if (field.fieldKind === "map" && typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutSecrets(message, item, mark)]));
  }
  return withoutSecrets(message, value, mark);
}

function isHidden(field: DescField): boolean {
  if (field.scalar === ScalarType.BYTES) return true;
  if ([sensitive, write_only].some((option) => hasOption(field, option) && getOption(field, option))) return true;
  return field.scalar === ScalarType.STRING && field.name.split("_").some((word) => hiddenWords.has(word));
}
