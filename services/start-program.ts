import { joinedModules } from "./joined-modules.ts";
import { isSomethingLoadedBefore, resolveOwnModules } from "./own-modules.ts";

/**
 * Reads the program and starts it with these settings. It is read as a few joined files where that can be, else module by
 * module; always the latter where something is loaded before it, because that knows modules by their own files.
 */
export async function startProgram(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const { program, unjoined } = isSomethingLoadedBefore() ? {} : joinedModules();
  if (unjoined !== undefined) resolveOwnModules();
  const { startKoderId } = (await import(program ?? "./start.ts")) as typeof import("./start.ts");
  await startKoderId(env, unjoined);
}
