import { enableCompileCache } from "node:module";
import { isSomethingLoadedBefore, resolveOwnModules } from "./own-modules.ts";

// Before anything else is read: what was compiled once is not compiled again at the next start, and no own module is looked for.
enableCompileCache();
if (!isSomethingLoadedBefore()) resolveOwnModules();
const { startKoderId } = await import("./start.ts");
await startKoderId(process.env);
