import type { FastifyInstance } from "fastify";

/** The methods of each route, by its URL as the router writes it. */
const known = new WeakMap<FastifyInstance, Map<string, Set<string>>>();

/** Keeps which methods each path takes, so that a wrong one can be told from an unknown path. Call it before the first route. */
export function rememberRoutes(app: FastifyInstance): void {
  const routes = new Map<string, Set<string>>();
  known.set(app, routes);
  app.addHook("onRoute", ({ url, method }) => {
    const methods = routes.get(url) ?? new Set();
    routes.set(url, methods);
    for (const one of [method].flat()) methods.add(one);
  });
}

/** The methods that a path takes; none when there is no such path. */
export function allowedMethods(app: FastifyInstance, path: string): readonly string[] {
  const methods = new Set<string>();
  for (const [route, own] of known.get(app) ?? []) {
    if (patternOf(route).test(path)) for (const method of own) methods.add(method);
  }
  return [...methods].toSorted();
}

const patterns = new Map<string, RegExp>();

/** Made when it is first asked for: who only starts needs none. */
function patternOf(route: string): RegExp {
  const made = patterns.get(route);
  if (made !== undefined) return made;
  const path = route
    .replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/:[A-Za-z_]+/g, "[^/]+")
    .replace(/\*$/, ".*");
  const pattern = new RegExp(`^${path}$`);
  patterns.set(route, pattern);
  return pattern;
}
