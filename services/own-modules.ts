import { registerHooks, type ResolveFnOutput } from "node:module";

const root = new URL("../", import.meta.url).href;
const installed = new URL("node_modules/", root).href;

/**
 * Answers where a module of this project is from how another one names it, without a look at the file system: its own are named
 * by their whole path, and a package that one of them imports is the same for all. Node looks for the file and for what package
 * it is in at each of 7,000 imports, which is a third of a start.
 *
 * What is loaded before the program (`--import`, `--require`), as instrumentation is, may have its own way to find modules, and
 * this would go past it (`isSomethingLoadedBefore`). Whoever is loaded before and knows the project calls this itself, and then
 * registers a way of its own: what is registered last is asked first.
 */
export function resolveOwnModules(): void {
  const packages = new Map<string, ResolveFnOutput>();
  let generated: string | undefined;
  registerHooks({
    resolve(specifier, context, next) {
      const from = context.parentURL ?? "";
      if (!from.startsWith(root) || from.startsWith(installed)) return next(specifier, context);
      // A package may have another file for those that require it.
      if (context.conditions.includes("require")) return next(specifier, context);
      if (specifier.startsWith("#gen/")) {
        const path = specifier.slice("#gen/".length);
        generated ??= next(specifier, context).url.slice(0, -path.length);
        return found(generated + path);
      }
      if (specifier.startsWith(".")) {
        return specifier.endsWith(".ts") ? found(new URL(specifier, from).href) : next(specifier, context);
      }
      const known = packages.get(specifier) ?? { ...next(specifier, context), shortCircuit: true };
      packages.set(specifier, known);
      return known;
    },
  });
}

/** Whether something is loaded before the program. */
export const isSomethingLoadedBefore = (): boolean => loadsBefore.test(optionsOfNode());

/** Whether stacks are to have the lines of the source. */
export const isSourceWanted = (): boolean => /(?:^|\s)--enable-source-maps\b/.test(optionsOfNode());

const optionsOfNode = (): string => [...process.execArgv, process.env["NODE_OPTIONS"]].join(" ");

const loadsBefore = /(?:^|\s)(?:--import|--require|-r|--loader|--experimental-loader)\b/;

const found = (url: string): ResolveFnOutput => ({ url, format: "module-typescript", shortCircuit: true });
