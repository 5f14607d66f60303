import {
  fromJson,
  ScalarType,
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
} from "@bufbuild/protobuf";
import { isPassedOver, isPrivateMember, wantedPublicKey } from "../../../services/host/json-web-key.ts";
import { nearestName } from "../../../services/host/nearest-name.ts";
import type { Path, Problem } from "./problem.ts";

/**
 * Checks protobuf JSON against its message, and answers it with the members under the names of the contract. Unlike
 * `fromJson` it goes on after the first fault, and says of each where it is and what would be right.
 */
export function checkJson(
  schema: DescMessage,
  value: unknown,
  path: Path,
): { readonly json: JsonObject; readonly problems: readonly Problem[] } {
  if (!isObject(value)) return { json: {}, problems: [{ path, description: "must be an object" }] };
  const json: Record<string, JsonValue> = {};
  const problems: Problem[] = [];
  const members = new Map<string, string>();
  for (const [name, member] of Object.entries(value)) {
    const here = [...path, name];
    const field = schema.fields.find((one) => one.name === name || one.jsonName === name);
    if (isPassedOver(schema, name)) continue;
    if (isPrivateMember(schema, name)) {
      problems.push({ path: here, description: wantedPublicKey });
      continue;
    }
    if (field === undefined) {
      const near = nearestName(
        name,
        schema.fields.map((one) => one.name),
      );
      const hint = near === undefined ? "" : `; did you mean ${near}?`;
      problems.push({ path: here, description: `is not a field of ${schema.name}${hint}` });
      continue;
    }
    if (json[field.name] !== undefined) problems.push({ path: here, description: "is there twice" });
    const group = field.oneof?.name;
    const sibling = group === undefined ? undefined : members.get(group);
    if (sibling !== undefined) problems.push({ path: here, description: `must not stand beside ${sibling}` });
    if (group !== undefined) members.set(group, name);
    const checked = checkField(field, member, here);
    json[field.name] = checked.json;
    problems.push(...checked.problems);
  }
  return { json, problems };
}

interface Checked {
  readonly json: JsonValue;
  readonly problems: readonly Problem[];
}

function checkField(field: DescField, value: unknown, path: Path): Checked {
  // Of a field, null says that it is not set.
  if (value === null) return { json: null, problems: [] };
  if (field.fieldKind !== "list") return checkValue(field, field.message, value, path);
  if (!Array.isArray(value)) return { json: null, problems: [{ path, description: "must be a list" }] };
  const items = value.map((item: unknown, at) => checkValue(field, field.message, item, [...path, at]));
  return { json: items.map(({ json }) => json), problems: items.flatMap(({ problems }) => problems) };
}

/** One value of a field: a message of ours by its own fields, anything else by trying it. */
function checkValue(field: DescField, message: DescMessage | undefined, value: unknown, path: Path): Checked {
  if (message !== undefined && !message.typeName.startsWith("google.protobuf.")) return checkJson(message, value, path);
  const json = value as JsonValue;
  try {
    fromJson(field.parent, { [field.jsonName]: field.fieldKind === "list" ? [json] : json });
    return { json, problems: [] };
  } catch {
    return { json: null, problems: [{ path, description: wanted(field) }] };
  }
}

/** What a field takes, for people. */
function wanted(field: DescField): string {
  if (field.enum !== undefined) return `must be one of ${field.enum.values.map(({ name }) => name).join(", ")}`;
  switch (field.message?.typeName) {
    case undefined:
      break;
    case "google.protobuf.Duration":
      return "must be a length of time in seconds such as 3600s";
    case "google.protobuf.Timestamp":
      return "must be a time such as 2026-01-31T12:00:00Z";
    default:
      return "cannot be read";
  }
  switch ("scalar" in field ? field.scalar : undefined) {
    case ScalarType.STRING:
      return "must be a text; put it in quotes";
    case ScalarType.BOOL:
      return "must be true or false";
    case ScalarType.BYTES:
      return "must be base64";
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return "must be a number";
    default:
      return "must be a whole number in range";
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
