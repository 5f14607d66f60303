import { ScalarType, type DescEnum, type DescField, type DescMessage, type JsonObject } from "@bufbuild/protobuf";
import { hasOption } from "@bufbuild/protobuf";
import { getComments } from "@bufbuild/protoplugin";
import { write_only } from "#gen/koder/options/v1/field_pb.ts";
import { choiceIsRequired, fieldRules, schemaRules, valueIsRequired } from "./field-rules.ts";

/** How protobuf JSON writes the well-known types that the contract uses (protobuf.dev, "JSON Mapping"). */
const wellKnownTypes: Readonly<Record<string, JsonObject>> = {
  "google.protobuf.Timestamp": { type: "string", format: "date-time" },
  "google.protobuf.Duration": { type: "string", pattern: String.raw`^-?\d+(\.\d{1,9})?s$` },
  "google.protobuf.FieldMask": { type: "string" },
  "google.protobuf.Struct": { type: "object", additionalProperties: true },
};

/** Builds the schemas of messages and enums, and gathers the named ones for `components`. */
export interface Schemas {
  /** Schema of a message; the named one for all but the well-known types. */
  readonly message: (message: DescMessage) => JsonObject;
  /** Schema of the members of a message other than some, written out where it stands. */
  readonly messageWithout: (message: DescMessage, omitted: ReadonlySet<DescField>) => JsonObject;
  /** Schema of a field's value with its rules and its comment. */
  readonly field: (field: DescField) => JsonObject;
  /** Every named schema that was asked for, by name, in alphabetical order. */
  readonly components: () => JsonObject;
}

/** Schemas are named after their messages; where two packages use one name, the package is put before it. */
export function createSchemas(types: readonly (DescMessage | DescEnum)[]): Schemas {
  const named = new Map<string, JsonObject>();

  function name(type: DescMessage | DescEnum): string {
    const ambiguous = types.some((other) => other.name === type.name && other.typeName !== type.typeName);
    return ambiguous ? type.typeName.replace(/^koder\.(.*)\.v1\./, "$1.") : type.name;
  }

  function reference(type: DescMessage | DescEnum, schema: () => JsonObject): JsonObject {
    const key = name(type);
    if (!named.has(key)) {
      named.set(key, {}); // A message may hold itself: it is known before its members are.
      named.set(key, schema());
    }
    return { $ref: `#/components/schemas/${key}` };
  }

  function members(type: DescMessage, fields: readonly DescField[]): JsonObject {
    const required = fields.filter(valueIsRequired).map(({ name: member }) => member);
    const description = [comment(type), ...choices(type)].filter((text) => text !== "").join(" ");
    return {
      type: "object",
      ...(description !== "" && { description }),
      properties: Object.fromEntries(fields.map((member) => [member.name, field(member)])),
      ...(required.length > 0 && { required }),
    };
  }

  function message(type: DescMessage): JsonObject {
    return wellKnownTypes[type.typeName] ?? reference(type, () => members(type, type.fields));
  }

  function enumeration(type: DescEnum): JsonObject {
    return reference(type, () => ({
      type: "string",
      description: [comment(type), ...type.values.map((value) => `- \`${value.name}\`: ${comment(value)}`)].join("\n"),
      enum: type.values.map((value) => value.name),
    }));
  }

  function single(type: DescField): JsonObject {
    if (type.message !== undefined) return message(type.message);
    if (type.enum !== undefined) return enumeration(type.enum);
    return scalar(type.scalar);
  }

  function field(type: DescField): JsonObject {
    const rules = fieldRules(type);
    const access = { ...direction(type), ...described(type), ...(type.deprecated && { deprecated: true }) };
    if (type.fieldKind === "list") return { type: "array", items: single(type), ...schemaRules(rules), ...access };
    if (type.fieldKind === "map") return { type: "object", additionalProperties: single(type), ...access };
    return { ...single(type), ...schemaRules(rules), ...access };
  }

  return {
    message,
    messageWithout: (type, omitted) => ({
      ...members(
        type,
        type.fields.filter((member) => !omitted.has(member)),
      ),
      additionalProperties: false,
    }),
    field,
    components: () => Object.fromEntries([...named].toSorted(([a], [b]) => (a < b ? -1 : 1))),
  };
}

function scalar(type: ScalarType | undefined): JsonObject {
  switch (type) {
    case ScalarType.STRING:
      return { type: "string" };
    case ScalarType.BOOL:
      return { type: "boolean" };
    case ScalarType.BYTES:
      return { type: "string", contentEncoding: "base64" };
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { type: "number" };
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      // Beyond 2^53 a JSON number would be rounded; protobuf JSON writes these as strings.
      return { type: "string", pattern: String.raw`^-?\d+$` };
    default:
      return { type: "integer" };
  }
}

/**
 * The protos say of a field that only the server sets it ("Output only"), or that a secret goes one way: in, or out once
 * ("shown once"). `writeOnly` stands only for the former: generated clients drop such members from answers.
 */
function direction(field: DescField): JsonObject {
  const text = comment(field);
  if (/Output only\./.test(text)) return { readOnly: true };
  if (hasOption(field, write_only)) return /shown once/.test(text) ? { readOnly: true } : { writeOnly: true };
  return {};
}

/** The comment of an element as one text; lines that the protos only wrap are joined. */
export function comment(element: Parameters<typeof getComments>[0]): string {
  return (getComments(element).leading ?? "").trim().replaceAll(/\n\s*/g, " ");
}

/** Of which members of a message one must be there, a sentence for each choice. */
function choices(type: DescMessage): readonly string[] {
  return type.oneofs
    .filter(choiceIsRequired)
    .map(({ fields }) => `Has one of ${fields.map(({ name }) => `\`${name}\``).join(", ")}.`);
}

function described(element: Parameters<typeof getComments>[0]): JsonObject {
  const description = comment(element);
  return description === "" ? {} : { description };
}
