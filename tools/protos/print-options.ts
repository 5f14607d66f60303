import { getExtension, type DescField, type DescMessage, type Message, type Registry } from "@bufbuild/protobuf";
import { isReflectMessage, reflect } from "@bufbuild/protobuf/reflect";

/** One option as it stands in a .proto file: `name = value`. */
export interface PrintedOption {
  readonly name: string;
  readonly value: string;
}

/**
 * The options that are set in an options message, in the order of their fields, the custom ones last.
 *
 * @param registry knows the extensions; an unknown one is an Error, because leaving it out would change the file.
 */
export function printedOptions(schema: DescMessage, message: Message | undefined, registry: Registry): PrintedOption[] {
  if (message === undefined) return [];
  return [
    ...setFields(schema, message, registry).map(({ field, value }) => ({ name: field.name, value })),
    ...customOptions(schema, message, registry),
  ];
}

function customOptions(schema: DescMessage, message: Message, registry: Registry): PrintedOption[] {
  const numbers = new Set((message.$unknown ?? []).map((field) => field.no));
  return [...numbers].flatMap((number) => {
    const extension = registry.getExtensionFor(schema, number);
    if (extension === undefined) throw new Error(`no extension of ${schema.typeName} has the number ${number}`);
    const value: unknown = getExtension(message, extension);
    return values(extension.fieldKind === "list", value).map((one) => ({
      name: `(.${extension.typeName})`,
      value: printValue(extension, one, registry),
    }));
  });
}

function setFields(schema: DescMessage, message: Message, registry: Registry): { field: DescField; value: string }[] {
  const reflected = reflect(schema, message);
  return schema.fields
    .filter((field) => reflected.isSet(field))
    .flatMap((field) =>
      values(field.fieldKind === "list", reflected.get(field)).map((one) => ({
        field,
        value: printValue(field, one, registry),
      })),
    );
}

/** A repeated field is written once for each value. */
function values(repeated: boolean, value: unknown): unknown[] {
  return repeated ? [...(value as Iterable<unknown>)] : [value];
}

function printValue(field: Pick<DescField, "message" | "enum">, value: unknown, registry: Registry): string {
  if (field.message !== undefined) {
    const message = isReflectMessage(value) ? value.message : (value as Message);
    const members = setFields(field.message, message, registry);
    return `{ ${members.map((member) => `${member.field.name}: ${member.value}`).join(" ")} }`;
  }
  if (field.enum !== undefined) {
    const known = field.enum.value[value as number];
    if (known === undefined) throw new Error(`${field.enum.typeName} has no value ${String(value)}`);
    return known.name;
  }
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Uint8Array) return JSON.stringify(String.fromCharCode(...value));
  return String(value);
}
