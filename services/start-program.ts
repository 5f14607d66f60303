import cluster from "node:cluster";
import { joinedProgram, joinModules } from "./joined-modules.ts";
import { isSomethingLoadedBefore, resolveOwnModules } from "./own-modules.ts";

/**
 * Reads the program and starts it with these settings. It is read as a few joined files where these are, else module by module, and
 * joined once it serves. What is loaded before the program, as instrumentation is, knows modules by their own files: then it is
 * always read by them.
 */
export async function startProgram(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const asItIs = isSomethingLoadedBefore();
  const program = asItIs ? undefined : joinedProgram();
  if (program === undefined && !asItIs) resolveOwnModules();
  const { startKoderId } = (await import(program ?? "./start.ts")) as typeof import("./start.ts");
  const log = await startKoderId(env);
  if (program !== undefined || asItIs || log === undefined || cluster.isWorker) return;
  await joinModules().catch((error: unknown) => {
    log.info(
      { reason: String(error) },
      "modules are read one by one, which takes more memory: they could not be joined",
    );
  });
}
