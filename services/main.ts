import { enableCompileCache } from "node:module";

// Before anything else is read: what was compiled once is not compiled again at the next start.
enableCompileCache();
const { startKoderId } = await import("./start.ts");
await startKoderId(process.env);
