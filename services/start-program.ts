import { joinedProgram } from "./joined-modules.ts";
import { isSomethingLoadedBefore, isSourceWanted, resolveOwnModules } from "./own-modules.ts";

/**
 * Reads the program and starts it with these settings. It is read as a few joined files, which are made if there are none; or, where
 * that cannot be, module by module. What is loaded before the program, as instrumentation is, knows modules by their own files,
 * and so does whoever wants stacks with lines of the source: then it is always read by them.
 */
export async function startProgram(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const isLoadedBefore = isSomethingLoadedBefore();
  let program: string | undefined;
  let reason: string | undefined;
  if (!isLoadedBefore && !isSourceWanted()) {
    try {
      program = joinedProgram() ?? (await (await import("./join-modules.ts")).joinModules());
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
  }
  if (program === undefined && !isLoadedBefore) resolveOwnModules();
  const { startKoderId } = (await import(program ?? "./start.ts")) as typeof import("./start.ts");
  const log = await startKoderId(env);
  if (reason !== undefined) {
    const what = "modules could not be joined, and were read one by one: they take more memory and time";
    log?.info({ reason }, what);
  }
}
