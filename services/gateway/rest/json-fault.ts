import {
  fromJson,
  ScalarType,
  type DescEnum,
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
} from "@bufbuild/protobuf";
import { isPrivateMember, wantedPublicKey } from "../../host/json-web-key.ts";

/** The member of a request that cannot be read, and what it must be. */
export interface JsonFault {
  /** The way to it by the protos' names, such as `user.emails[2]`. */
  readonly field: string;
  readonly description: string;
}

/**
 * Finds the member by which JSON is no message of this type: each is read by itself, and the first that cannot be is looked
 * into. The value, which may be a secret, is never repeated.
 */
export function jsonFault(message: DescMessage, json: JsonObject): JsonFault {
  return faultIn(message, json, "") ?? { field: "", description: "cannot be read" };
}

function faultIn(message: DescMessage, json: JsonValue, field: string): JsonFault | undefined {
  if (message.typeName.startsWith("google.protobuf.")) return { field, description: wellKnown(message) };
  if (!isObject(json)) return { field, description: "must be a JSON object" };
  const sent = new Map<DescField, string>();
  for (const [name, value] of Object.entries(json)) {
    const member = message.fields.find((one) => one.name === name || one.jsonName === name);
    if (member === undefined) {
      const description = isPrivateMember(message, name) ? wantedPublicKey : "is no field of this request";
      return { field: under(field, name.slice(0, 100)), description };
    }
    const path = under(field, member.name);
    if (sent.has(member)) return { field: path, description: "was sent twice" };
    const rival = [...sent.keys()].find(({ oneof }) => oneof !== undefined && oneof === member.oneof);
    if (rival !== undefined) return { field: path, description: `cannot be sent together with ${rival.name}` };
    sent.set(member, name);
    if (!isReadable(message, { [name]: value })) return faultOf(member, value, path);
  }
  return undefined;
}

/** What is wrong with the value of a member that cannot be read. */
function faultOf(member: DescField, value: JsonValue, field: string): JsonFault {
  const wrong = (description: string): JsonFault => ({ field, description });
  switch (member.fieldKind) {
    case "message":
      return faultIn(member.message, value, field) ?? wrong("cannot be read");
    case "enum":
      return wrong(oneOf(member.enum));
    case "scalar":
      return wrong(scalars[member.scalar]);
    case "list": {
      if (!Array.isArray(value)) return wrong("must be a list");
      const at = value.findIndex((item) => !isReadable(member.parent, { [member.jsonName]: [item] }));
      return faultOfValue(member, value[at] ?? null, `${field}[${at}]`);
    }
    case "map": {
      if (!isObject(value)) return wrong("must be a JSON object");
      const [key, item] = Object.entries(value).find(
        ([name, one]) => !isReadable(member.parent, { [member.jsonName]: { [name]: one } }),
      ) ?? ["", null];
      return faultOfValue(member, item, `${field}[${JSON.stringify(key.slice(0, 100))}]`);
    }
  }
}

/** What is wrong with one item of a list or a map. */
function faultOfValue(member: DescField & { fieldKind: "list" | "map" }, item: JsonValue, field: string): JsonFault {
  if (member.message !== undefined && item !== null) {
    return faultIn(member.message, item, field) ?? { field, description: "cannot be read" };
  }
  if (member.enum !== undefined) return { field, description: oneOf(member.enum) };
  return { field, description: member.scalar === undefined ? "must be a JSON object" : scalars[member.scalar] };
}

function isReadable(message: DescMessage, json: JsonObject): boolean {
  try {
    fromJson(message, json);
    return true;
  } catch {
    return false;
  }
}

const isObject = (json: JsonValue): json is JsonObject =>
  typeof json === "object" && json !== null && !Array.isArray(json);

const under = (field: string, name: string): string => (field === "" ? name : `${field}.${name}`);

/** The names of an enum, without the one that says nothing. */
function oneOf({ values }: DescEnum): string {
  const names = values.filter(({ number }) => number !== 0).map(({ name }) => name);
  return `must be ${names.length > 1 ? "one of " : ""}${names.join(", ")}`;
}

function wellKnown({ name }: DescMessage): string {
  switch (name) {
    case "Timestamp":
      return "must be a time as RFC 3339 writes it, such as 2027-01-31T08:30:00Z";
    case "Duration":
      return "must be a length of time in seconds, such as 900s";
    case "FieldMask":
      return "must be names of fields, separated by commas";
    case "Struct":
      return "must be a JSON object that is not nested too deeply";
    default:
      return "has a value of the wrong kind";
  }
}

const whole = "must be a whole number within its bounds";
const scalars: Readonly<Record<ScalarType, string>> = {
  [ScalarType.STRING]: "must be a string",
  [ScalarType.BOOL]: "must be true or false",
  [ScalarType.BYTES]: "must be bytes in base64",
  [ScalarType.DOUBLE]: "must be a number",
  [ScalarType.FLOAT]: "must be a number",
  [ScalarType.INT32]: whole,
  [ScalarType.INT64]: whole,
  [ScalarType.UINT32]: whole,
  [ScalarType.UINT64]: whole,
  [ScalarType.FIXED32]: whole,
  [ScalarType.FIXED64]: whole,
  [ScalarType.SFIXED32]: whole,
  [ScalarType.SFIXED64]: whole,
  [ScalarType.SINT32]: whole,
  [ScalarType.SINT64]: whole,
};
