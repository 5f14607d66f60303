import { createRegistry, type DescFile, type DescMessage, type Message, type Registry } from "@bufbuild/protobuf";
import {
  EnumOptionsSchema,
  EnumValueOptionsSchema,
  ExtensionRangeOptionsSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FieldOptionsSchema,
  FileOptionsSchema,
  MessageOptionsSchema,
  MethodOptionsSchema,
  OneofOptionsSchema,
  ServiceOptionsSchema,
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  type ServiceDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { printedOptions, type PrintedOption } from "./print-options.ts";

/** Ranges of extension numbers end before this one when they say `max`. */
const maxFieldNumber = 536_870_912;

/** What printing needs to know besides the descriptor itself. */
interface Context {
  readonly proto3: boolean;
  readonly options: (schema: DescMessage, message: Message | undefined) => PrintedOption[];
}

/**
 * Prints the .proto source of a descriptor. Comments are not part of a descriptor that was embedded in generated code,
 * so they are missing. Reads proto2 and proto3; throws an Error on editions.
 */
export function printProto(file: DescFile): string {
  const { proto } = file;
  const syntax = proto.syntax === "" ? "proto2" : proto.syntax;
  if (syntax !== "proto2" && syntax !== "proto3") throw new Error(`${file.name}: ${syntax} is not printed`);
  const registry: Registry = createRegistry(file, ...file.dependencies);
  const context: Context = {
    proto3: syntax === "proto3",
    options: (schema, message) => printedOptions(schema, message, registry),
  };
  const lines = [
    `syntax = ${JSON.stringify(syntax)};`,
    ...(proto.package === "" ? [] : [`package ${proto.package};`]),
    ...proto.dependency.map(
      (path, index) => `import ${proto.publicDependency.includes(index) ? "public " : ""}${JSON.stringify(path)};`,
    ),
    ...statements(context.options(FileOptionsSchema, proto.options)),
    ...proto.messageType.flatMap((message) => printMessage(message, context)),
    ...proto.enumType.flatMap((enumeration) => printEnum(enumeration, context)),
    ...printExtensions(proto.extension, context),
    ...proto.service.flatMap((service) => printService(service, context)),
  ];
  return `${lines.join("\n")}\n`;
}

function printMessage(message: DescriptorProto, context: Context): string[] {
  return block(`message ${message.name}`, [
    ...statements(context.options(MessageOptionsSchema, message.options)),
    ...message.reservedRange.map(({ start, end }) => `reserved ${start} to ${end - 1};`),
    ...message.reservedName.map((name) => `reserved ${JSON.stringify(name)};`),
    ...message.extensionRange.map(({ start, end, options }) => {
      const last = end >= maxFieldNumber ? "max" : String(end - 1);
      return `extensions ${start} to ${last}${brackets(context.options(ExtensionRangeOptionsSchema, options))};`;
    }),
    ...message.nestedType
      .filter((nested) => nested.options?.mapEntry !== true)
      .flatMap((nested) => printMessage(nested, context)),
    ...message.enumType.flatMap((enumeration) => printEnum(enumeration, context)),
    ...printExtensions(message.extension, context),
    ...printFields(message, context),
  ]);
}

/** The fields in their order; a oneof stands where its first member is. */
function printFields(message: DescriptorProto, context: Context): string[] {
  const printed = new Set<number>();
  return message.field.flatMap((field) => {
    if (!isInOneof(field)) return [printField(field, context, { message })];
    if (printed.has(field.oneofIndex)) return [];
    printed.add(field.oneofIndex);
    const oneof = message.oneofDecl[field.oneofIndex];
    return block(`oneof ${oneof?.name ?? ""}`, [
      ...statements(context.options(OneofOptionsSchema, oneof?.options)),
      ...message.field
        .filter((member) => isInOneof(member) && member.oneofIndex === field.oneofIndex)
        .map((member) => printField(member, context, { message })),
    ]);
  });
}

/** `optional` in proto3 is a oneof of one field, which is not written as such. */
function isInOneof(field: FieldDescriptorProto): boolean {
  return Object.hasOwn(field, "oneofIndex") && !field.proto3Optional;
}

function printField(field: FieldDescriptorProto, context: Context, parent: { message?: DescriptorProto }): string {
  const options = context.options(FieldOptionsSchema, field.options);
  if (field.defaultValue !== "") {
    const value = field.type === Type.STRING ? JSON.stringify(field.defaultValue) : field.defaultValue;
    options.unshift({ name: "default", value });
  }
  const map = mapType(field, parent.message);
  const type = map ?? `${label(field, context, parent.message)}${typeName(field)}`;
  return `${type} ${field.name} = ${field.number}${brackets(options)};`;
}

function label(field: FieldDescriptorProto, context: Context, message: DescriptorProto | undefined): string {
  if (field.label === Label.REPEATED) return "repeated ";
  if (field.label === Label.REQUIRED) return "required ";
  if (message !== undefined && isInOneof(field)) return "";
  return context.proto3 && !field.proto3Optional ? "" : "optional ";
}

/** A map is a repeated field of a nested entry message with a key and a value. */
function mapType(field: FieldDescriptorProto, message: DescriptorProto | undefined): string | undefined {
  if (field.label !== Label.REPEATED) return undefined;
  const entry = message?.nestedType.find(
    (nested) => nested.options?.mapEntry === true && field.typeName.endsWith(`.${nested.name}`),
  );
  const [key, value] = entry?.field ?? [];
  return key === undefined || value === undefined ? undefined : `map<${typeName(key)}, ${typeName(value)}>`;
}

/** A scalar's keyword is the name of its type; messages and enums have their full name with a leading dot. */
function typeName(field: FieldDescriptorProto): string {
  return field.typeName === "" ? (Type[field.type] ?? "").toLowerCase() : field.typeName;
}

function printEnum(enumeration: EnumDescriptorProto, context: Context): string[] {
  return block(`enum ${enumeration.name}`, [
    ...statements(context.options(EnumOptionsSchema, enumeration.options)),
    ...enumeration.reservedRange.map(({ start, end }) => `reserved ${start} to ${end};`),
    ...enumeration.reservedName.map((name) => `reserved ${JSON.stringify(name)};`),
    ...enumeration.value.map(
      ({ name, number, options }) =>
        `${name} = ${number}${brackets(context.options(EnumValueOptionsSchema, options))};`,
    ),
  ]);
}

function printExtensions(extensions: readonly FieldDescriptorProto[], context: Context): string[] {
  return extensions.flatMap((extension) => block(`extend ${extension.extendee}`, [printField(extension, context, {})]));
}

function printService(service: ServiceDescriptorProto, context: Context): string[] {
  return block(`service ${service.name}`, [
    ...statements(context.options(ServiceOptionsSchema, service.options)),
    ...service.method.flatMap((method) => {
      const input = `${method.clientStreaming ? "stream " : ""}${method.inputType}`;
      const output = `${method.serverStreaming ? "stream " : ""}${method.outputType}`;
      const options = statements(context.options(MethodOptionsSchema, method.options));
      return block(`rpc ${method.name}(${input}) returns (${output})`, options);
    }),
  ]);
}

function block(head: string, body: readonly string[]): string[] {
  return [`${head} {`, ...body.map((line) => `  ${line}`), "}"];
}

function statements(options: readonly PrintedOption[]): string[] {
  return options.map(({ name, value }) => `option ${name} = ${value};`);
}

function brackets(options: readonly PrintedOption[]): string {
  return options.length === 0 ? "" : ` [${options.map(({ name, value }) => `${name} = ${value}`).join(", ")}]`;
}
