import type { DescField } from "@bufbuild/protobuf";
import type { RestBinding } from "../../../services/gateway/rest/http-rule.ts";

type Json = Readonly<Record<string, unknown>>;

/** A request to a REST route. */
export interface RestCall {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly body: Json | undefined;
}

/** A request of a typed call, with JSON names, as one of its REST routes takes it. */
export function restCall(
  { verb, path, pathFields, ownField, body, queryFields }: RestBinding,
  request: Json,
): RestCall {
  const valueOf = ({ jsonName }: DescField): unknown => request[jsonName];
  const filled = pathFields.reduce(
    (so, field) => so.replace(`{${field.name}}`, encodeURIComponent(textOf(valueOf(field) ?? ""))),
    path,
  );
  const query = new URLSearchParams(
    queryFields.flatMap((field) => [valueOf(field) ?? []].flat().map((value) => [field.name, textOf(value)])),
  );
  const inPath = new Set(
    [...pathFields, ...(ownField === undefined ? [] : [ownField])].map(({ jsonName }) => jsonName),
  );
  const rest = Object.fromEntries(Object.entries(request).filter(([name]) => !inPath.has(name)));
  const sent = body === "*" ? rest : body && ((valueOf(body) ?? {}) as Json);
  return { method: verb.toUpperCase(), path: query.size === 0 ? filled : `${filled}?${query}`, body: sent };
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
