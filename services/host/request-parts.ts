import type { FastifyRequest } from "fastify";

/** The path of a request, as it was sent, without its query. */
export function pathOf({ url }: Pick<FastifyRequest, "url">): string {
  const mark = url.indexOf("?");
  return mark === -1 ? url : url.slice(0, mark);
}

/** What stands behind the first `?` of a request's URL; empty where nothing does. */
export function queryOf({ url }: Pick<FastifyRequest, "url">): string {
  const mark = url.indexOf("?");
  return mark === -1 ? "" : url.slice(mark + 1);
}

/** The value of a header by its name in lower case; one that was sent several times is a list (RFC 9110 §5.3). */
export function headerOf({ headers }: Pick<FastifyRequest, "headers">, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}
