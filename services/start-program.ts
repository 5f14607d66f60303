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
  let start = program === undefined ? undefined : await readJoined(program);
  if (program !== undefined && start === undefined) reason = "the joined modules were removed";
  if (start === undefined) {
    if (!isLoadedBefore) resolveOwnModules();
    start = await import("./start.ts");
  }
  const log = await start.startKoderId(env);
  if (reason !== undefined) {
    const what = "modules could not be joined, and were read one by one: they take more memory and time";
    log?.info({ reason }, what);
  }
}

/**
 * The joined program; undefined where it is gone since it was found: checkouts that share their packages share the room for
 * programs. Nothing of it has run then, because all of a program's modules are found before the first one is run.
 */
async function readJoined(program: string): Promise<typeof import("./start.ts") | undefined> {
  try {
    return (await import(program)) as typeof import("./start.ts");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}
