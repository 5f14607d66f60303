import { getOption, hasOption, type DescField, type DescMessage, type DescMethod } from "@bufbuild/protobuf";
import { http } from "#gen/google/api/annotations_pb.ts";
import type { HttpRule } from "#gen/google/api/http_pb.ts";

/** One REST face of a method: an HTTP method and path, and where the request's fields go. */
export interface RestBinding {
  readonly verb: string;
  /** OpenAPI path template: `/v1/users/{user_id}`. */
  readonly path: string;
  readonly pathFields: readonly DescField[];
  /** `user_id` of a path that is about the caller: it is `me`. */
  readonly ownField: DescField | undefined;
  /** `*`: every field that is not in the path; a field: that one; undefined: no body. */
  readonly body: "*" | DescField | undefined;
  /** The fields left over, which go into the query. */
  readonly queryFields: readonly DescField[];
  /** The field of the response that is the answer; undefined: the whole response. */
  readonly responseBody: DescField | undefined;
}

/** The REST faces of a method by its `google.api.http` option, the main one first; none without the option. */
export function restBindings(method: DescMethod): RestBinding[] {
  if (!hasOption(method, http)) return [];
  const rule = getOption(method, http);
  return [rule, ...rule.additionalBindings].map((one) => restBinding(method, one));
}

function restBinding(method: DescMethod, rule: HttpRule): RestBinding {
  const { case: verb, value } = rule.pattern;
  if (verb === undefined || verb === "custom")
    throw new Error(`${method.parent.typeName}/${method.name}: no HTTP method`);
  const names = [...value.matchAll(/\{([^}=]+)(?:=[^}]*)?\}/g)].map(([, name]) => name ?? "");
  const pathFields = names.map((name) => fieldOf(method.input, name));
  // `/v1/me…` is the caller: what other paths name, these do not.
  const own = /^\/v1\/me(?:\/|$)/.test(value) ? method.input.fields.find(({ name }) => name === "user_id") : undefined;
  const ownField = own !== undefined && !pathFields.includes(own) ? own : undefined;
  const body = rule.body === "" || rule.body === "*" ? rule.body || undefined : fieldOf(method.input, rule.body);
  return {
    verb,
    path: value.replaceAll(/\{([^}=]+)=[^}]*\}/g, "{$1}"),
    pathFields,
    ownField,
    body,
    queryFields:
      body === "*"
        ? []
        : method.input.fields.filter((field) => field !== body && field !== ownField && !pathFields.includes(field)),
    responseBody: rule.responseBody === "" ? undefined : fieldOf(method.output, rule.responseBody),
  };
}

function fieldOf(message: DescMessage, name: string): DescField {
  const field = message.fields.find((candidate) => candidate.name === name);
  if (field === undefined) throw new Error(`${message.typeName} has no field ${name}`);
  return field;
}
