import {
  create,
  fromJson,
  ScalarType,
  type DescField,
  type DescMethod,
  type JsonObject,
  type JsonValue,
  type Message,
} from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "../../host/failure.ts";
import { withoutPassedOver } from "../../host/json-web-key.ts";
import { MalformedForm, parseForm, type Form } from "../oidc/form.ts";
import type { RestBinding } from "./http-rule.ts";
import { jsonFault } from "./json-fault.ts";
import { impossibleTime, wantedTime } from "../../host/json-times.ts";

/** What a REST request is made of. */
export interface RestRequest {
  readonly params: Readonly<Record<string, string>>;
  /** What stands behind the `?`. */
  readonly query: string;
  readonly body: unknown;
}

const invalid = (field: string, description: string) =>
  failure(ErrorReason.INVALID_REQUEST, field === "" ? description : `${field}: ${description}`, {
    violations: [{ field, description }],
  });

/**
 * The request message of a REST call: path, query and body put where the binding says. Members have the protos' names, or
 * their JSON spelling; what there is no field for is refused by name, but in a JSON Web Key. PATCH derives the mask from the
 * members sent; that of PUT is `*`.
 */
export function readRequest(method: DescMethod, binding: RestBinding, { params, query, body }: RestRequest): Message {
  const json: JsonObject = Object.create(null);
  let mask: readonly string[] | undefined;
  if (binding.body === undefined) {
    if (body !== undefined) throw invalid("", "the request takes no body");
  } else if (binding.body === "*") {
    Object.assign(json, objectBody(body ?? {}));
    for (const field of [...binding.pathFields, ...(binding.ownField === undefined ? [] : [binding.ownField])]) {
      if (field.name in json || field.jsonName in json)
        throw invalid(field.name, "stands in the path, not in the body");
    }
  } else {
    const sent = objectBody(body);
    json[binding.body.jsonName] = sent;
    if (binding.verb === "patch") mask = Object.keys(sent).map((name) => protoName(binding.body as DescField, name));
    else if (binding.verb === "put") mask = ["*"];
  }
  for (const [field, value] of queryValues(binding, query)) json[field.jsonName] = value;
  for (const field of binding.pathFields) json[field.jsonName] = params[field.name] ?? "";
  if (binding.ownField !== undefined) json[binding.ownField.jsonName] = "me";

  const message = decode(method, json);
  const maskField = method.input.fields.find(({ message: type }) => type?.typeName === FieldMaskSchema.typeName);
  if (mask !== undefined && maskField !== undefined) {
    (message as unknown as Record<string, unknown>)[maskField.localName] ??= create(FieldMaskSchema, {
      paths: [...mask],
    });
  }
  return message;
}

function objectBody(body: unknown): JsonObject {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw invalid("", "the body must be a JSON object");
  return body as JsonObject;
}

function protoName(resource: DescField, name: string): string {
  return resource.message?.fields.find((field) => field.name === name || field.jsonName === name)?.name ?? name;
}

function* queryValues(binding: RestBinding, query: string): Iterable<readonly [DescField, JsonValue]> {
  const sent = new Map<DescField, string[]>();
  for (const [name, value] of pairsOf(query)) {
    const field = binding.queryFields.find((one) => one.name === name || one.jsonName === name);
    if (field === undefined) throw invalid(name.slice(0, 100), "is no parameter of this call");
    const values = sent.get(field);
    if (values === undefined) sent.set(field, [value]);
    else values.push(value);
  }
  for (const [field, values] of sent) {
    if (field.fieldKind === "list") {
      yield [field, values.map((value) => queryValue(field, value))];
      continue;
    }
    const [value = "", ...others] = values;
    if (others.length > 0) throw invalid(field.name, "was sent more than once");
    yield [field, queryValue(field, value)];
  }
}

/** What is not UTF-8 is refused, not read as something else. */
function pairsOf(query: string): Form["pairs"] {
  try {
    return parseForm(query).pairs;
  } catch (error) {
    throw error instanceof MalformedForm ? invalid("", `the query cannot be read: ${error.message}`) : error;
  }
}

/** The JSON of one value. That of a mask knows its fields by their JSON spelling alone. */
function queryValue(field: DescField, value: string): JsonValue {
  if (field.message?.typeName === FieldMaskSchema.typeName)
    return value.replaceAll(/_[a-z]/g, ([, letter = ""]) => letter.toUpperCase());
  if (field.scalar !== ScalarType.BOOL) return value;
  if (value === "true" || value === "false") return value === "true";
  throw invalid(field.name, "must be true or false");
}

/** Decoding errors name the member that cannot be read, and what it must be. */
function decode({ input }: DescMethod, sent: JsonObject): Message {
  const json = withoutPassedOver(input, sent);
  let message: Message;
  try {
    message = fromJson(input, json);
  } catch {
    const { field, description } = jsonFault(input, json);
    throw invalid(field, description);
  }
  const time = impossibleTime(input, json);
  if (time !== undefined) throw invalid(time, wantedTime);
  return message;
}
