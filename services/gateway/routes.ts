import type { FastifyInstance } from "fastify";

interface KnownRoute {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

const known = new WeakMap<FastifyInstance, Map<string, KnownRoute>>();

/** Keeps which methods each path takes, so that a wrong one can be told from an unknown path. Call it before the first route. */
export function rememberRoutes(app: FastifyInstance): void {
  const routes = new Map<string, KnownRoute>();
  known.set(app, routes);
  app.addHook("onRoute", ({ url, method }) => {
    let route = routes.get(url);
    if (route === undefined) {
      const pattern = url.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll(/:[A-Za-z_]+/g, "[^/]+");
      routes.set(url, (route = { pattern: new RegExp(`^${pattern}$`), methods: new Set() }));
    }
    for (const one of [method].flat()) route.methods.add(one);
  });
}

/** The methods that a URL's path takes; none when there is no such path. */
export function allowedMethods(app: FastifyInstance, url: string): readonly string[] {
  const [path = ""] = url.split("?");
  const methods = new Set<string>();
  for (const { pattern, methods: own } of known.get(app)?.values() ?? []) {
    if (pattern.test(path)) for (const method of own) methods.add(method);
  }
  return [...methods].toSorted();
}
