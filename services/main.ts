import { enableCompileCache } from "node:module";
import { startProgram } from "./start-program.ts";

// Before anything else is read: what was compiled once is not compiled again at the next start.
enableCompileCache();
await startProgram(process.env);
