import type { Liquid } from "liquidjs";

/** The templates of a folder. Read when the first is shown: who shows none does without the engine. */
export async function openTemplates(root: string): Promise<Liquid> {
  const { Liquid: Engine } = await import("liquidjs");
  return new Engine({
    root,
    extname: ".liquid",
    outputEscape: "escape",
    cache: true,
    ownPropertyOnly: true,
    jsTruthy: true, // an empty text is nothing to show
    strictVariables: false,
  });
}
