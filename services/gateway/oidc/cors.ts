import type { FastifyInstance } from "fastify";

/** Any origin may read, and none may bring its cookies: whoever has a token sends it. */
export const anyOrigin = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "WWW-Authenticate, DPoP-Nonce, Retry-After",
  "cross-origin-resource-policy": "cross-origin",
} as const;

/** The routes whose preflight is answered, as the router writes them. */
const routes = new Set<string>();

/** Whether any origin may read what is answered at a route; undefined is none. */
export const isOpenToAll = (route: string | undefined): boolean => route !== undefined && routes.has(route);

/** Answers the preflight of a path that takes no cookie; it names no client, so the answer is the same for all. */
export function allowPreflight(app: FastifyInstance, path: string, methods: string): void {
  routes.add(path);
  app.options(path, async (_request, reply) =>
    reply
      .code(204)
      .headers(anyOrigin)
      .header("access-control-allow-methods", methods)
      .header("access-control-allow-headers", "Authorization, Content-Type, DPoP")
      .header("access-control-max-age", "3600")
      .send(),
  );
}
