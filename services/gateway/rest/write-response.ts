import {
  getOption,
  hasOption,
  toJson,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type Message,
} from "@bufbuild/protobuf";
import { write_only } from "#gen/koder/options/v1/field_pb.ts";
import type { RestBinding } from "./http-rule.ts";

/** The JSON of an answer: every field by its proto name, empty ones too; a `write_only` one only where it has a value. */
export function writeResponse(binding: RestBinding, schema: DescMessage, message: Message): string {
  const json = toJson(schema, message, { useProtoFieldName: true, alwaysEmitImplicit: true }) as JsonObject;
  hideUnset(schema, json);
  const shown = binding.responseBody === undefined ? json : (json[binding.responseBody.name] ?? {});
  return JSON.stringify(shown);
}

function hideUnset(schema: DescMessage, json: JsonObject): void {
  for (const field of schema.fields) {
    const value = json[field.name];
    if (value === undefined) continue;
    if (hasOption(field, write_only) && getOption(field, write_only) && isEmpty(value)) delete json[field.name];
    else if (field.message !== undefined) {
      for (const part of Array.isArray(value) ? value : [value]) {
        if (typeof part === "object" && part !== null && !Array.isArray(part)) hideUnset(field.message, part);
      }
    }
  }
}

const isEmpty = (value: JsonValue): boolean => value === "" || value === null || value === false || value === 0;
