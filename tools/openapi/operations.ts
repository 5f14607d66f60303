import { getOption, type DescField, type DescMethod, type JsonObject } from "@bufbuild/protobuf";
import { access, Caller } from "#gen/koder/options/v1/access_pb.ts";
import { valueIsRequired } from "./field-rules.ts";
import { restBindings, type RestBinding } from "../../services/gateway/rest/http-rule.ts";
import { comment, type Schemas } from "./schemas.ts";

/** An operation and where it stands in the document. */
export interface Operation {
  readonly path: string;
  /** `get`, `post`, … */
  readonly verb: string;
  readonly operation: JsonObject;
}

/** The operations of a method: one for each of its REST bindings. */
export function operationsOf(method: DescMethod, schemas: Schemas): Operation[] {
  return restBindings(method).map((binding, index) => ({
    path: binding.path,
    verb: binding.verb,
    operation: {
      operationId: `${method.parent.name}_${method.name}${index === 0 ? "" : `_${index + 1}`}`,
      tags: [method.parent.name],
      ...texts(method),
      security: security(method),
      ...parameters(binding, schemas),
      ...requestBody(method, binding, schemas),
      responses: {
        200: {
          description: comment(binding.responseBody ?? method.output),
          content: { "application/json": { schema: answer(method, binding, schemas) } },
        },
        default: { $ref: "#/components/responses/Error" },
      },
    },
  }));
}

function answer(method: DescMethod, { responseBody }: RestBinding, schemas: Schemas): JsonObject {
  return responseBody?.message === undefined ? schemas.message(method.output) : schemas.message(responseBody.message);
}

/** The first sentence of the comment is the summary; the permission that is needed closes the description. */
function texts(method: DescMethod): JsonObject {
  const text = comment(method);
  const { permission } = getOption(method, access);
  return {
    summary: /^.*?\.(?= |$)/.exec(text)?.[0] ?? text,
    description: permission === "" ? text : `${text} Permission: \`${permission}\`.`,
  };
}

function security(method: DescMethod): JsonObject[] {
  const { callers } = getOption(method, access);
  // Who has a flow's id shows it in the path.
  if (callers.includes(Caller.PUBLIC) || callers.includes(Caller.FLOW)) return [];
  const schemes: JsonObject[] = [];
  if (callers.includes(Caller.USER) || callers.includes(Caller.CLIENT)) schemes.push({ bearer: [] });
  if (callers.includes(Caller.BOOTSTRAP_TOKEN)) schemes.push({ bootstrapToken: [] });
  if (schemes.length === 0) throw new Error(`${method.parent.typeName}/${method.name}: no credential is described`);
  return schemes;
}

/** A time is one text in a query, as it is in a body. */
const isTimestamp = (field: DescField): boolean => field.message?.typeName === "google.protobuf.Timestamp";

function parameters({ pathFields, queryFields, verb }: RestBinding, schemas: Schemas): JsonObject {
  const list = [
    ...pathFields.map((field) => ({ name: field.name, in: "path", required: true, schema: schemas.field(field) })),
    ...queryFields.map((field) => {
      if (field.message !== undefined && !isFieldMask(field) && !isTimestamp(field))
        throw new Error(`${field.parent.typeName}.${field.name}: a message in a query is not described`);
      // A PATCH derives its mask from the members sent.
      const required = valueIsRequired(field) && !((verb === "patch" || verb === "put") && isFieldMask(field));
      return { name: field.name, in: "query", ...(required && { required }), schema: schemas.field(field) };
    }),
  ];
  return list.length === 0 ? {} : { parameters: list };
}

function isFieldMask(field: DescField): boolean {
  return field.message?.typeName === "google.protobuf.FieldMask";
}

function requestBody(method: DescMethod, { body, pathFields, ownField }: RestBinding, schemas: Schemas): JsonObject {
  if (body === undefined) return {};
  const elsewhere = new Set(ownField === undefined ? pathFields : [...pathFields, ownField]);
  const schema = body === "*" ? schemas.messageWithout(method.input, elsewhere) : schemas.field(body);
  return { requestBody: { required: true, content: { "application/json": { schema } } } };
}
