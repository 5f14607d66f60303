import type { Liquid } from "liquidjs";

/** The templates of a folder. Read when the first is shown: who shows none does without the engine. */
export async function openTemplates(root: string): Promise<Liquid> {
  const { templatesIn } = await import("./template-engine.ts");
  return templatesIn(root);
}
