import { joinedProgram, joinModules, type Joining } from "./joined-modules.ts";
import { isSomethingLoadedBefore, isSourceWanted, resolveOwnModules } from "./own-modules.ts";

/**
 * Reads the program and starts it with these settings. It is read as a few joined files, which are made if there are none; or, where
 * that cannot be, module by module. What is loaded before the program, as instrumentation is, knows modules by their own files,
 * and so does whoever wants stacks with lines of the source: then it is always read by them.
 */
export async function startProgram(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const isLoadedBefore = isSomethingLoadedBefore();
  const { program, kept } = isLoadedBefore || isSourceWanted() ? {} : await joined();
  if (program === undefined && !isLoadedBefore) resolveOwnModules();
  const { startKoderId } = (await import(program ?? "./start.ts")) as typeof import("./start.ts");
  const log = await startKoderId(env);
  await kept?.catch((error: unknown) => {
    const what = "modules could not be joined for the next start: read one by one, they take more memory and time";
    log?.info({ reason: String(error) }, what);
  });
}

async function joined(): Promise<Partial<Joining>> {
  const program = joinedProgram();
  return program === undefined ? joinModules() : { program };
}
